// Keeps the code on the trainer's screen fresh. Without this file a link shows the next one.
const screen = document.querySelector("[data-mars-screen]");
const code = screen.querySelector("[data-screen-code]");
const picture = screen.querySelector("[data-screen-picture]");
const old = screen.querySelector("[data-screen-old]");
const AGAIN = 3000;

async function renew() {
  try {
    const answer = await fetch(`${screen.dataset.marsScreen}.json`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
    if (answer.status === 404) {
      location.reload(); // The window has closed.
      return;
    }
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    const { code: digits, seconds } = await answer.json();
    code.textContent = `${digits.slice(0, 3)} ${digits.slice(3)}`;
    picture.src = `${screen.dataset.marsScreen}.svg?${digits}`;
    old.hidden = true;
    setTimeout(renew, seconds * 1000 + 200);
  } catch {
    old.hidden = false;
    setTimeout(renew, AGAIN);
  }
}

setTimeout(renew, Number(screen.dataset.seconds) * 1000 + 200);
