// Suggestions while one types in a search box. Enhancement only: without this file the box is an ordinary form.
// A combobox with a listbox of its own (ARIA 1.2): focus stays in the box, arrows choose, Enter searches, Escape closes and loses no text.
const WAIT = 180;
const LEAST = 2;

for (const [number, row] of document.querySelectorAll("[data-mars-suggest]").entries()) {
  const box = row.querySelector("input");
  const list = document.createElement("ul");
  const said = document.createElement("div");
  let timer = 0;
  let asked = null;
  let chosen = -1;
  let typed = box.value;

  list.id = `suggestions-${number}`;
  list.className = "mars-suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  said.className = "govuk-visually-hidden";
  said.setAttribute("role", "status");
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  row.append(list, said);

  const close = () => {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  const search = (text) => {
    box.value = text;
    close();
    box.form.requestSubmit();
  };

  const choose = (place) => {
    const options = [...list.children];
    chosen = place;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    if (place < 0) {
      box.value = typed;
      box.removeAttribute("aria-activedescendant");
      return;
    }
    box.value = options[place].dataset.text;
    box.setAttribute("aria-activedescendant", options[place].id);
    options[place].scrollIntoView({ block: "nearest" });
  };

  const show = (found) => {
    list.replaceChildren(
      ...found.map((one, at) => {
        const option = document.createElement("li");
        const note = document.createElement("span");
        option.id = `${list.id}-${at}`;
        option.dataset.text = one.text;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        note.className = "mars-suggestions__note";
        note.textContent = one.note;
        option.append(one.text, " ", note);
        return option;
      }),
    );
    chosen = -1;
    list.hidden = found.length === 0;
    box.setAttribute("aria-expanded", String(found.length > 0));
    box.removeAttribute("aria-activedescendant");
    said.textContent = found.length === 0 ? "" : `${found.length} suggestion${found.length === 1 ? "" : "s"}. Use the arrow keys.`;
  };

  const ask = async () => {
    asked?.abort();
    // A sentence has no suggestions, and may hold what is better not sent before one means to.
    if (typed.trim().length < LEAST || typed.trim().split(/\s+/).length > 4) {
      close();
      return;
    }
    asked = new AbortController();
    try {
      const answer = await fetch(`${row.dataset.marsSuggest}?${new URLSearchParams({ q: typed })}`, { signal: asked.signal });
      if (answer.ok && document.activeElement === box) {
        show(await answer.json());
      }
    } catch {
      close();
    }
  };

  box.addEventListener("input", () => {
    typed = box.value;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  box.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      box.value = typed;
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden && count > 0) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(((chosen + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      search(list.children[chosen].dataset.text);
    }
  });
  box.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) {
      search(option.dataset.text);
    }
  });
}
