// The words of the plain pages, in English and Korean. Rule: no page holds a word of its own.

/** @type {Record<"en" | "ko", Record<string, string>>} */
const WORDS = {
  en: {
    graphs: "Graphs", runs: "Runs", inbox: "Inbox", run: "Run", start: "Start the run", close: "Close", events: "Events",
    asks: "A decision is needed", waitsFor: "waits for you", nobodyAsks: "Nothing is waiting for a decision.",
    noGraphs: "There are no graphs here yet. Make one with: weft new NAME --from draft-and-review",
    noRuns: "Nothing has run yet. Start one of the graphs above.",
    running: "running", waiting: "waiting", completed: "done", failed: "failed", cancelled: "cancelled", asking: "asking",
    logIn: "Log in", token: "Token", tokenHint: "Open the link that weft serve printed, or paste a token.",
    leave: "Log out", language: "한국어", live: "live", lost: "connecting…", cancel: "Cancel the run",
    input: "Input", output: "Output", error: "Error", started: "Started", ended: "Ended", tokens: "Tokens", cost: "Cost",
    work: "Work", graph: "Graph", unknown: "unknown", since: "Asked", until: "Until", exact: "Exactly what will run, not written by the model",
    modelSays: "In the words of the graph", decided: "Decided. Thank you.", decidedMeanwhile: "This was decided meanwhile.",
    more: "Earlier", nodes: "nodes", needsModel: "needs a model", brokenFile: "The file cannot be read", streamed: "Model text",
    badLink: "This link is used up or too old.", defaultAt: "Without an answer", dismiss: "Later", again: "Resume",
    assigned: "For",
  },
  ko: {
    graphs: "그래프", runs: "실행", inbox: "결정 대기", run: "실행", start: "실행 시작", close: "닫기", events: "이벤트",
    asks: "결정이 필요합니다", waitsFor: "결정을 기다립니다", nobodyAsks: "결정을 기다리는 것이 없습니다.",
    noGraphs: "아직 그래프가 없습니다. 이렇게 만드세요: weft new NAME --from draft-and-review",
    noRuns: "아직 실행된 것이 없습니다. 위의 그래프를 하나 실행해 보세요.",
    running: "실행 중", waiting: "대기 중", completed: "완료", failed: "실패", cancelled: "취소됨", asking: "질문 중",
    logIn: "로그인", token: "토큰", tokenHint: "weft serve가 출력한 링크를 열거나 토큰을 붙여 넣으세요.",
    leave: "로그아웃", language: "English", live: "실시간", lost: "연결 중…", cancel: "실행 취소",
    input: "입력", output: "출력", error: "오류", started: "시작", ended: "종료", tokens: "토큰 수", cost: "비용",
    work: "작업 시간", graph: "그래프", unknown: "알 수 없음", since: "요청 시각", until: "기한", exact: "실제로 실행될 내용 (모델이 쓴 것이 아님)",
    modelSays: "그래프의 설명", decided: "결정되었습니다. 감사합니다.", decidedMeanwhile: "그 사이에 이미 결정되었습니다.",
    more: "이전", nodes: "노드", needsModel: "모델 필요", brokenFile: "파일을 읽을 수 없습니다", streamed: "모델 텍스트",
    badLink: "이미 사용되었거나 만료된 링크입니다.", defaultAt: "응답이 없으면", dismiss: "나중에", again: "이어서 실행",
    assigned: "담당",
  },
};

const KEY = "weft-language";

/** @returns {"en" | "ko"} */
export function language() {
  const kept = localStorage.getItem(KEY);
  return kept === "en" || kept === "ko" ? kept : navigator.language.startsWith("ko") ? "ko" : "en";
}

/** Switch between the two languages and load the page again. */
export function switchLanguage() {
  localStorage.setItem(KEY, language() === "en" ? "ko" : "en");
  location.reload();
}

/**
 * One word or sentence in the reader's language.
 * @param {string} key
 */
export function word(key) {
  return WORDS[language()][key] ?? key;
}

/**
 * A moment as the reader writes it: the time today, else the day too.
 * @param {string | null} iso
 */
export function moment(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isToday ? {} : { month: "short", day: "numeric" };
  return at.toLocaleString(language(), { ...day, hour: "2-digit", minute: "2-digit", second: isToday ? "2-digit" : undefined, hourCycle: "h23" });
}
