// Enhancement only: every page works without this file.
import { initAll } from "./govuk-frontend/govuk-frontend.min.js";

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}
initAll();

// A filter panel is closed on a phone, where it would push the list out of sight, and open elsewhere and where something in it is wrong.
for (const panel of document.querySelectorAll("details[data-mars-filters]")) {
  const isWrong = panel.querySelector(".govuk-form-group--error") !== null;
  panel.open = panel.open && (isWrong || window.matchMedia("(min-width: 48.0625em)").matches);
}

// A list that has more columns than fit can be scrolled by keyboard only when it can be reached.
for (const wrap of document.querySelectorAll(".mars-table-wrap")) {
  if (wrap.scrollWidth > wrap.clientWidth) {
    wrap.tabIndex = 0;
    wrap.setAttribute("role", "region");
    const caption = wrap.querySelector("caption");
    wrap.setAttribute("aria-label", caption ? caption.textContent.trim() : "List, scrolls sideways");
  }
}

// Sends a filter form as soon as one of its marked fields is changed.
for (const field of document.querySelectorAll("[data-mars-submit-on-change]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

for (const button of document.querySelectorAll("[data-mars-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-mars-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.marsCopy);
    button.textContent = "Copied";
  });
}
