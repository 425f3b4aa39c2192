// The register on a poor connection: each tap shows at once, is kept on the device, and is sent until it is acknowledged.
// Without this file the same buttons send the form.
const form = document.querySelector("form[data-mars-register]");

const PART = 25; // taps in one request
const SHORTEST = 2000;
const LONGEST = 30000;
const ANSWER_WITHIN = 15000;

const prefix = `mars-tap:${form.dataset.marsRegister}:`;
const unsent = document.querySelector("[data-unsent]");
const said = document.querySelector("[data-unsent-said]");
const why = document.querySelector("[data-unsent-why]");
const link = document.querySelector("[data-unsent-link]");
const refused = document.querySelector("[data-refused]");
let sending = false;
let isSignedOut = false;
let wait = SHORTEST;
let timer = 0;
let saying = 0;
let hadUnsent = false;
// Where a browser forbids keeping anything, taps are at least kept while the page is open.
const memory = new Map();

// One entry for each person and day, so that two tabs cannot overwrite each other's, and a second thought replaces the first.
function keep(tap) {
  const key = `${prefix}${tap.day}:${tap.person}`;
  memory.set(key, tap);
  try {
    localStorage.setItem(key, JSON.stringify(tap));
  } catch {
    // Kept in memory above.
  }
}

function kept() {
  const found = new Map(memory);
  try {
    for (let number = 0; number < localStorage.length; number += 1) {
      const key = localStorage.key(number);
      if (key.startsWith(prefix)) {
        found.set(key, JSON.parse(localStorage.getItem(key)));
      }
    }
  } catch {
    // What is in memory is what there is.
  }
  return [...found.entries()].sort((one, other) => one[1].at - other[1].at);
}

function forget(key, number) {
  if (memory.get(key)?.tap === number) {
    memory.delete(key);
  }
  try {
    if (JSON.parse(localStorage.getItem(key))?.tap === number) {
      localStorage.removeItem(key);
    }
  } catch {
    // Nothing was kept.
  }
}

function lineOf(person) {
  return form.querySelector(`[data-person="${CSS.escape(person)}"]`);
}

function show(person, mark, words) {
  const line = lineOf(person);
  if (!line) {
    return;
  }
  line.dataset.mark = mark;
  if (words !== null) {
    line.querySelector("[data-said]").textContent = words;
  }
  for (const button of line.querySelectorAll("[data-tap]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tap === mark));
  }
  count();
}

function count() {
  const learners = [...form.querySelectorAll(".mars-roll")][0].querySelectorAll("[data-person]");
  const marks = [...learners].map((line) => line.dataset.mark || "");
  const numbers = { marked: marks.filter(Boolean).length, absent: marks.filter((mark) => mark === "absent" || mark === "late").length };
  for (const place of document.querySelectorAll("[data-count]")) {
    const word = place.dataset.count;
    place.textContent = numbers[word] ?? marks.filter((mark) => mark === word).length;
  }
}

function tell() {
  const number = kept().length;
  unsent.hidden = number === 0;
  const words = `${number} not yet sent`;
  unsent.querySelector("[data-unsent-count]").textContent = number ? words : "";
  why.textContent = isSignedOut ? "Your marks are kept on this device." : "They are kept on this device and sent as soon as there is a connection.";
  link.hidden = !isSignedOut;
  // Politely, and not for each tap: only what is still so a moment later is announced.
  clearTimeout(saying);
  saying = setTimeout(() => {
    const left = kept().length;
    if (left) {
      hadUnsent = true;
      said.textContent = `${left} not yet sent`;
    } else if (hadUnsent) {
      hadUnsent = false;
      said.textContent = "Everything is sent";
    }
  }, 1500);
}

function complain(person, message) {
  const line = lineOf(person);
  const name = line ? line.querySelector(".mars-roll__name").textContent : "Somebody";
  const item = document.createElement("li");
  item.textContent = `${name}: ${message}`;
  document.querySelector("[data-refused-list]").append(item);
  refused.hidden = false;
}

function take(answers, sent) {
  for (const answer of answers) {
    const entry = sent.find(([, tap]) => tap.tap === answer.tap);
    if (!entry) {
      continue;
    }
    const [key, tap] = entry;
    forget(key, tap.tap);
    if (answer.message) {
      complain(tap.person, answer.message);
    }
    const isNewer = kept().some(([other]) => other === key);
    if (tap.day === form.dataset.day && !isNewer) {
      show(tap.person, answer.mark, answer.said);
    }
  }
}

async function send() {
  clearTimeout(timer);
  if (sending) {
    return;
  }
  const waiting = kept().slice(0, PART);
  if (!waiting.length) {
    tell();
    return;
  }
  sending = true;
  try {
    const answer = await fetch(form.dataset.taps, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({
        csrf: form.dataset.csrf,
        taps: waiting.map(([, { tap, person, day, mark, reason, at }]) => ({ tap, person, day, mark, reason, ago: Math.max(0, Date.now() - at) })),
      }),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    isSignedOut = [403, 404, 409].includes(answer.status);
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    take((await answer.json()).taps, waiting);
    wait = SHORTEST;
    sending = false;
    tell();
    if (kept().length) {
      send();
    }
    return;
  } catch {
    sending = false;
  }
  tell();
  if (!isSignedOut) {
    timer = setTimeout(send, wait);
    wait = Math.min(wait * 2, LONGEST);
  }
}

// `randomUUID` is there on secure pages only, and on this machine.
function newNumber() {
  if (crypto.randomUUID) {
    return crypto.randomUUID();
  }
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function tapOn(line, mark, reason = "", words = "") {
  const person = line.dataset.person;
  keep({ tap: newNumber(), person, day: form.dataset.day, mark, reason, words, at: Date.now() });
  const text = line.querySelector(`[data-tap="${mark}"]`)?.textContent.trim() ?? "";
  show(person, mark, words ? `${text}, ${words.toLowerCase()}` : text);
  tell();
  send();
}

function askReason(line, button) {
  const open = line.querySelector(".mars-roll__reasons");
  if (open) {
    open.remove();
    button.removeAttribute("aria-expanded");
    return;
  }
  const reasons = document.getElementById("apologies").content.cloneNode(true);
  line.querySelector(".mars-roll__taps").append(reasons);
  button.setAttribute("aria-expanded", "true");
  line.querySelector("[data-reason]").focus();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) {
    return;
  }
  const line = button.closest("[data-person]");
  if (button.dataset.rest !== undefined) {
    event.preventDefault();
    for (const other of form.querySelector(".mars-roll").querySelectorAll("[data-person]:not([data-mark])")) {
      tapOn(other, "attended");
    }
    button.hidden = true;
  } else if (button.dataset.reason) {
    const excused = line.querySelector('[data-tap="excused"]');
    excused.removeAttribute("aria-expanded");
    button.closest(".mars-roll__reasons").remove();
    tapOn(line, "excused", button.dataset.reason, button.textContent.trim());
    excused.focus();
  } else if (button.dataset.tap === "excused") {
    event.preventDefault();
    askReason(line, button);
  } else if (button.dataset.tap) {
    event.preventDefault();
    line.querySelector(".mars-roll__reasons")?.remove();
    line.querySelector('[data-tap="excused"]').removeAttribute("aria-expanded");
    tapOn(line, button.dataset.tap);
  }
});

// What was left from before, on whichever day, is shown and sent first.
for (const [, tap] of kept()) {
  if (tap.day === form.dataset.day) {
    const text = lineOf(tap.person)?.querySelector(`[data-tap="${tap.mark}"]`)?.textContent.trim() ?? "";
    show(tap.person, tap.mark, tap.words ? `${text}, ${tap.words.toLowerCase()}` : text);
  }
}
window.addEventListener("online", () => {
  wait = SHORTEST;
  send();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    wait = SHORTEST;
    send();
  }
});
if (kept().length) {
  hadUnsent = true;
  tell();
  send();
}
