// The four values. The secret's input is no state of the widget: it is sent once, by Enter, the button or after
// pasting, and the field is emptied at once; typing and leaving the field send nothing. What the field says of
// it is the kernel's answer; before another secret takes the place of a good one, the kernel asks.

function render({ model, el }) {
  const id = () => `halo-${Math.random().toString(36).slice(2)}`;
  const said = make("p", { role: "status", class: "h-soft" });
  const results = make("div", { "aria-live": "polite" });
  const { ask, stop } = asker(model, (text) => {
    said.textContent = text;
  });
  const line = (label, input, ...below) => {
    input.id = id();
    const field = make("div", {}, input, ...below);
    return make(
      "div",
      { class: "halo-field" },
      make("label", { htmlFor: input.id, textContent: label }),
      field,
    );
  };
  const values = {};
  // What a person has changed here and the kernel has not taken yet. Only that is entered: what another notebook
  // of this customer has entered meanwhile may not be shown here yet, and must not be undone by a hidden field.
  const edited = new Set();
  const known = {};
  const text = (name, label, hint) => {
    const input = make("input", {
      type: "text",
      class: "h-input",
      value: model.get("answers")[name] || "",
      placeholder: hint,
      spellcheck: false,
      size: 46,
    });
    input.autocomplete = "off";
    input.setAttribute("data-1p-ignore", "");
    values[name] = input;
    input.addEventListener("input", () => edited.add(name));
    input.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey) {
        event.stopPropagation();
      }
    });
    return line(label, input);
  };
  const secret = make("input", { type: "password", class: "h-input", spellcheck: false, size: 46 });
  secret.autocomplete = "off";
  secret.setAttribute("data-1p-ignore", "");
  const status = make("span", {
    role: "status",
    class: "h-soft",
    textContent: "",
  });
  const question = make("div", { class: "h-well", hidden: true });
  question.setAttribute("role", "group");
  question.setAttribute("aria-label", "A question about what was entered");
  const place = make(
    "select",
    {},
    ...model.get("places").map(([value, shown]) => make("option", { value, textContent: shown })),
  );
  place.value = model.get("place");
  const send = () => {
    const value = secret.value;
    secret.value = "";
    if (value) {
      ask({ do: "secret", value, place: place.value });
    }
  };
  secret.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      send();
    }
    if (!event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
  });
  secret.addEventListener("paste", () => setTimeout(send, 0));
  place.addEventListener("change", () => ask({ do: "place", place: place.value }));
  const save = make("button", {
    type: "button",
    class: "h-btn main",
    textContent: "Enter and check",
  });
  save.addEventListener("click", () => {
    send();
    const changed = [...edited].filter((name) => values[name].value !== known[name]);
    ask({ do: "save", ...Object.fromEntries(changed.map((name) => [name, values[name].value])) });
  });
  const onMessage = (message) => {
    if (message.kind === "status") {
      status.innerHTML = message.html;
    }
  };
  model.on("msg:custom", onMessage);
  const others = make(
    "details",
    { class: "h-fold" },
    make("summary", { textContent: "Base URL and Agent ID: change …" }),
    text("base_url", "HaloPSA Base URL", "https://yourdomain.halopsa.com"),
    text("agent_id", "Agent ID", "a number, or the username"),
  );
  others.open = !model.get("answers").base_url;
  el.append(
    make(
      "div",
      { class: "halo" },
      make(
        "div",
        { class: "h-card" },
        make("p", { textContent: model.get("about") }),
        line("Client Secret", secret, status),
        question,
        text("client_id", "Client ID", "a GUID: copy it again after saving"),
        line("Where the secret stays", place),
        others,
        make("div", { class: "h-row" }, save),
        said,
        results,
      ),
    ),
  );
  const unfollow = follow(model, ["results", "answers"], () => {
    results.innerHTML = model.get("results");
    for (const [name, input] of Object.entries(values)) {
      const answer = model.get("answers")[name];
      if (input.value === answer) {
        edited.delete(name);
      } else if (!edited.has(name) && answer !== undefined && answer !== known[name]) {
        input.value = answer;
      }
      known[name] = answer;
    }
  });
  const unasked = follow(model, ["question"], () => {
    const { text, yes, no } = model.get("question");
    const wasAsked = !question.hidden;
    question.hidden = !text;
    if (!text) {
      if (wasAsked) {
        secret.focus();
      }
      return;
    }
    const safe = make("button", { type: "button", class: "h-btn main", textContent: no });
    const take = make("button", { type: "button", class: "h-btn", textContent: yes });
    safe.addEventListener("click", () => ask({ do: "keep" }));
    take.addEventListener("click", () => ask({ do: "replace" }));
    question.replaceChildren(make("p", { textContent: text }), make("div", { class: "h-row" }, safe, take));
    safe.focus();
  });
  question.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      ask({ do: "keep" });
    }
  });
  ask({ do: "hello" });
  return () => {
    unfollow();
    unasked();
    stop();
    model.off("msg:custom", onMessage);
  };
}

export default { render };
