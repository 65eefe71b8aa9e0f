// A small form: some inputs, some buttons, and what came of it.

function render({ model, el }) {
  const said = make("p", { role: "status", class: "h-soft" });
  const results = make("div", { "aria-live": "polite" });
  const about = make("div");
  const { ask, stop } = asker(model, (text) => {
    said.textContent = text;
  });
  const inputs = {};
  const fields = make("div");
  const buttons = make("div", { class: "h-row" });
  for (const field of model.get("inputs")) {
    const id = `halo-${Math.random().toString(36).slice(2)}`;
    const input = field.options
      ? make(
          "select",
          { id },
          ...field.options.map(([value, shown]) => make("option", { value, textContent: shown })),
        )
      : make("input", {
          type: "text",
          class: "h-input",
          id,
          value: field.value || "",
          placeholder: field.hint || "",
          size: 46,
          spellcheck: false,
        });
    if (!field.options) {
      input.autocomplete = "off";
      input.addEventListener("keydown", (event) => {
        if (!event.ctrlKey && !event.metaKey) {
          event.stopPropagation();
        }
      });
    }
    inputs[field.name] = input;
    fields.append(
      make("div", { class: "halo-field" }, make("label", { htmlFor: id, textContent: field.label }), input),
    );
  }
  model.get("buttons").forEach(([name, label], index) => {
    const button = make("button", {
      type: "button",
      class: `h-btn${index ? "" : " main"}`,
      textContent: label,
    });
    button.addEventListener("click", () =>
      ask({ do: name, ...Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, v.value])) }),
    );
    buttons.append(button);
  });
  const progress = make("span", { role: "status" });
  buttons.append(progress);
  el.append(make("div", { class: "halo" }, about, fields, buttons, said, results));
  const unfollow = follow(model, ["about", "results", "running"], () => {
    for (const button of buttons.querySelectorAll("button")) {
      button.disabled = model.get("running");
    }
    progress.textContent = model.get("running") ? "working …" : "";
    about.innerHTML = model.get("about");
    results.innerHTML = model.get("results");
  });
  return () => {
    unfollow();
    stop();
  };
}

export default { render };
