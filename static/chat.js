// Enhancement of the chat: sends and adds answers without loading the page. Without this file it is a form like any other.
const chat = document.querySelector("[data-mars-chat]");

if (chat) {
  const log = chat.querySelector("[data-mars-log]");
  const form = chat.querySelector("[data-mars-text]");
  const press = chat.querySelector("[data-mars-press]");
  const box = form.elements.text;
  const error = document.getElementById("text-error");
  let isWaiting = false;
  let number = 0;

  const showError = (sentence) => {
    error.hidden = !sentence;
    error.querySelector("[data-mars-error]").textContent = sentence;
    box.classList.toggle("govuk-input--error", Boolean(sentence));
    form.querySelector(".govuk-form-group").classList.toggle("govuk-form-group--error", Boolean(sentence));
    box.setAttribute("aria-describedby", sentence ? "text-hint text-error" : "text-hint");
  };

  const freshEvent = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // What was said by the person stays in this page alone; the answer to a worry offers to take it away.
  const addOwn = (words, id) => {
    const entry = document.createElement("li");
    entry.className = "mars-chat__entry mars-chat__entry--own";
    entry.id = `said-${id}`;
    const speaker = document.createElement("span");
    speaker.className = "govuk-visually-hidden";
    speaker.textContent = "You said: ";
    entry.append(speaker, words);
    log.append(entry);
  };

  // What a button says, with what it is about: "Choose: Graded Care Profile 2", "Take away: Neglect".
  const wordsOf = (button) => button.textContent.replace("×", "").replace(/\s+/g, " ").trim();

  // Buttons of earlier answers have served: only what is said last can be pressed.
  const retire = () => {
    log.querySelectorAll(".mars-chat__buttons, .mars-chat__useful").forEach((part) => part.remove());
    for (const filter of log.querySelectorAll(".mars-chat__filter")) {
      const kept = document.createElement("span");
      kept.className = "mars-chat__kept";
      kept.textContent = wordsOf(filter).replace(/^[^:]*: /, "");
      filter.replaceWith(kept);
    }
    log.querySelectorAll("button").forEach((button) => button.remove());
    log.querySelector("#latest")?.removeAttribute("id");
  };

  const add = (markup) => {
    const made = document.createElement("template");
    made.innerHTML = markup;
    const problem = made.content.querySelector("[data-error]");
    if (problem) {
      showError(problem.dataset.error);
      return false;
    }
    const removes = made.content.querySelector("[data-removes]");
    if (removes) document.getElementById(`said-${removes.dataset.removes}`)?.remove();
    retire();
    log.append(made.content);
    return true;
  };

  const scrollToLatest = () => {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const entries = log.querySelectorAll(".mars-chat__entry--own");
    const from = entries.length ? entries[entries.length - 1] : log.lastElementChild;
    from?.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  };

  const send = async (event, from) => {
    event.preventDefault();
    const isText = from === form;
    const words = isText ? box.value.trim() : event.submitter ? wordsOf(event.submitter) : "";
    if (isWaiting || (isText && !words)) {
      if (isText && !words) showError("Write what you are looking for");
      return;
    }
    isWaiting = true;
    chat.setAttribute("aria-busy", "true");
    showError("");
    number += 1;
    const id = String(number);
    const fields = new FormData(from, event.submitter);
    fields.set("event", freshEvent());
    fields.set("message", id);
    try {
      const answer = await fetch(from.action, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { "X-Mars-Fragment": "1" },
        credentials: "same-origin",
        redirect: "error",
      });
      if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
      const markup = await answer.text();
      addOwn(words, id);
      if (add(markup)) {
        if (isText) box.value = "";
      } else {
        document.getElementById(`said-${id}`)?.remove();
      }
      scrollToLatest();
    } catch {
      // What was typed stays in the box.
      showError("That did not get through. Check your connection and send it again.");
    } finally {
      isWaiting = false;
      chat.removeAttribute("aria-busy");
      box.focus({ preventScroll: true });
    }
  };

  form.addEventListener("submit", (event) => send(event, form));
  press.addEventListener("submit", (event) => send(event, press));
}
