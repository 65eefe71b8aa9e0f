// One step of the guide: its state, what is closed and why, the check, and what it found.

function render({ model, el }) {
  const said = make("p", { class: "halo-soft", role: "status" });
  const state = make("div");
  const closed = make("div");
  const body = make("div");
  const fields = make("div");
  const results = make("div", { "aria-live": "polite" });
  const check = make("button", { type: "button", class: "halo-button", textContent: "Check this step" });
  const cancel = make("button", { type: "button", class: "halo-button second", textContent: "Cancel" });
  const goOn = make("button", { type: "button", class: "halo-button second", textContent: "Go on anyway" });
  const progress = make("span", { role: "status" });
  const tick = make("input", { type: "checkbox", id: `halo-tick-${Math.random().toString(36).slice(2)}` });
  const ticked = make("label", { htmlFor: tick.id, textContent: "Done by hand" });
  const tickLine = make("span", { class: "halo-tick" }, tick, ticked);
  const { ask, stop } = asker(model, (text) => {
    said.textContent = text;
  });
  check.addEventListener("click", () => {
    ask({ do: "check" });
  });
  cancel.addEventListener("click", () => {
    ask({ do: "cancel" });
  });
  goOn.addEventListener("click", () => {
    ask({ do: "go-on" });
  });
  tick.addEventListener("change", () => {
    ask({ do: "tick", on: tick.checked });
  });
  for (const [name, value] of model.get("to_copy")) {
    fields.append(
      make(
        "span",
        { class: "halo-copy-line" },
        make("b", { textContent: `${name}: ` }),
        make("code", { textContent: value }),
        copier(value, name),
      ),
    );
  }
  el.append(
    make(
      "div",
      { class: "halo" },
      state,
      body,
      fields,
      closed,
      make("div", { class: "halo-row" }, check, cancel, goOn, tickLine, progress),
      said,
      results,
    ),
  );
  const unfollow = follow(
    model,
    ["state", "body", "closed", "results", "progress", "can_check", "running", "can_go_on"],
    () => {
      state.innerHTML = model.get("state");
      body.innerHTML = model.get("body");
      closed.innerHTML = model.get("closed");
      if (results.innerHTML !== model.get("results")) {
        results.innerHTML = model.get("results");
      }
      progress.textContent = model.get("progress");
      check.hidden = !model.get("has_checks");
      check.disabled = !model.get("can_check") || model.get("running");
      cancel.hidden = !model.get("running");
      goOn.hidden = !model.get("can_go_on");
    },
  );
  const untick = follow(model, ["by_hand"], () => {
    tick.checked = model.get("by_hand");
  });
  return () => {
    unfollow();
    untick();
    stop();
  };
}

export default { render };
