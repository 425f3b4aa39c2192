// Enhancement only: keeps what is typed into a survey on this device until it is sent, and shows questions that depend on others when due.
const DAYS_KEPT = 14;
const keyOf = (ref) => `mars-survey-${ref}`;

function forget(ref) {
  try {
    localStorage.removeItem(keyOf(ref));
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

for (const sent of document.querySelectorAll("[data-mars-draft-sent]")) {
  forget(sent.dataset.marsDraftSent);
}

for (const form of document.querySelectorAll("form[data-mars-draft]")) {
  const ref = form.dataset.marsDraft;
  const fields = () => [...form.elements].filter((field) => field.name && field.name.startsWith("q-"));
  const hasErrors = document.querySelector(".govuk-error-summary") !== null;

  const depends = () => {
    for (const question of form.querySelectorAll("[data-mars-if]")) {
      const wanted = question.dataset.marsValues.split("|");
      const chosen = fields().filter((field) => field.name === question.dataset.marsIf && field.checked);
      question.hidden = !chosen.some((field) => wanted.includes(field.value));
      const hint = question.querySelector("[data-mars-hint]");
      if (hint) {
        hint.hidden = true;
      }
    }
  };

  const keep = () => {
    const values = fields()
      .filter((field) => (field.type === "radio" || field.type === "checkbox" ? field.checked : field.value))
      .map((field) => [field.name, field.value]);
    try {
      localStorage.setItem(keyOf(ref), JSON.stringify({ at: Date.now(), values }));
    } catch {
      // Private browsing or a full device: the page works as without a draft.
    }
  };

  const restore = () => {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(keyOf(ref)));
    } catch {
      return;
    }
    if (!kept || Date.now() - kept.at > DAYS_KEPT * 86400000) {
      forget(ref);
      return;
    }
    for (const [name, value] of kept.values) {
      for (const field of fields().filter((one) => one.name === name)) {
        if (field.type === "radio" || field.type === "checkbox") {
          field.checked = field.checked || field.value === value;
        } else {
          field.value = value;
        }
      }
    }
  };

  // What was pressed in the chat comes behind "#", which no browser sends on; it is taken over once and then taken out of the address.
  const take = () => {
    const given = [...new URLSearchParams(location.hash.slice(1))].filter(([name]) => name.startsWith("q-"));
    for (const [name, value] of given) {
      for (const field of fields().filter((one) => one.name === name && one.type === "radio")) {
        field.checked = field.value === value;
      }
    }
    if (given.length) {
      history.replaceState(null, "", location.pathname + location.search);
    }
  };

  if (!hasErrors) {
    restore();
    take();
  }
  depends();
  for (const told of form.querySelectorAll("[data-mars-draft-kept]")) {
    told.hidden = false;
  }
  form.addEventListener("change", () => {
    keep();
    depends();
  });
  form.addEventListener("input", keep);
  for (const button of form.querySelectorAll("[data-mars-draft-forget]")) {
    button.addEventListener("click", () => {
      forget(ref);
      form.reset();
      depends();
    });
  }
}
