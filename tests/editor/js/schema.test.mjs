// What a JSON Schema means for a form.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOf, missingOf, placed, startOf } from "../../../editor_static/js/view/fields/schema.js";

test("each schema has a field, and what no field can say is typed as JSON", () => {
  const kinds = [
    [{ type: "string" }, "text"], [{ type: "string", maxLength: 5000 }, "long"], [{ type: "integer" }, "integer"], [{ type: "number" }, "number"],
    [{ type: "boolean" }, "boolean"], [{ enum: ["a", 1] }, "choice"], [{ const: 3 }, "choice"], [{ type: "array", items: { type: "string" } }, "list"],
    [{ type: "object", properties: { a: {} } }, "object"], [{ type: "object" }, "json"], [{ anyOf: [{ type: "string" }, { type: "number" }] }, "json"], [{}, "text"], [false, "json"], [{ type: "tuple" }, "json"],
  ];
  for (const [schema, kind] of kinds) assert.equal(fieldOf(schema, schema).kind, kind, JSON.stringify(schema));
});

test("null is taken out of a choice of types, references are followed, a circle ends as JSON", () => {
  const root = { $defs: { name: { type: "string", title: "Name" }, tree: { type: "object", properties: { child: { $ref: "#/$defs/tree" } } }, round: { $ref: "#/$defs/round" } } };
  assert.deepEqual([fieldOf({ type: ["string", "null"] }, root).kind, fieldOf({ type: ["string", "null"] }, root).isNullable], ["text", true]);
  const field = fieldOf({ anyOf: [{ $ref: "#/$defs/name" }, { type: "null" }], description: "d" }, root);
  assert.deepEqual([field.kind, field.schema.title, field.schema.description, field.isNullable], ["text", "Name", "d", true]);
  assert.equal(fieldOf({ $ref: "#/$defs/tree" }, root, { depth: 9 }).kind, "json");
  assert.ok(fieldOf({ $ref: "#/$defs/round" }, root));
  assert.ok(startOf({ $ref: "#/$defs/tree" }, undefined, root));
});

test("a form begins with what is known, then the defaults, and makes nothing up", () => {
  const schema = { type: "object", properties: { topic: { type: "string", default: "rivers" }, count: { type: "integer" }, style: { type: "object", properties: { tone: { enum: ["a", "b"], default: "a" } } } } };
  assert.deepEqual(startOf(schema, undefined), { topic: "rivers", style: { tone: "a" } });
  assert.deepEqual(startOf(schema, { topic: "x", other: 1 }), { topic: "x", other: 1, style: { tone: "a" } });
});

test("what the server says of a value finds its field", () => {
  assert.deepEqual(placed('"order" is missing; /amount: -1 is less than the minimum of 0; /o/x: it must be text, not 3; a sentence'), [
    { place: "/order", message: '"order" is missing' },
    { place: "/amount", message: "-1 is less than the minimum of 0" },
    { place: "/o/x", message: "it must be text, not 3; a sentence" },
  ]);
  assert.deepEqual(placed('/o: "x" is missing'), [{ place: "/o/x", message: '"x" is missing' }]);
});

test("what is required and empty is said before anything is sent", () => {
  const schema = { type: "object", properties: { a: { type: "string" }, o: { type: "object", properties: { b: {} }, required: ["b"] }, l: { type: "array", items: { type: "object", properties: { c: {} }, required: ["c"] } } }, required: ["a"] };
  assert.deepEqual(missingOf(schema, { o: {}, l: [{ c: 1 }, {}] }, "!").map((one) => one.place), ["/a", "/o/b", "/l/1/c"]);
});
