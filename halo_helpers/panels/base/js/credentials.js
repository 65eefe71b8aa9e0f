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
  const line = (label, input, ...more) => {
    input.id = id();
    return make(
      "div",
      { class: "halo-field" },
      make("label", { htmlFor: input.id, textContent: label }),
      input,
      ...more,
    );
  };
  const values = {};
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
    textContent: "run this cell to enter it",
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
    ask({ do: "save", ...Object.fromEntries(Object.entries(values).map(([k, v]) => [k, v.value])) });
  });
  const copy = make("button", {
    type: "button",
    class: "h-btn",
    textContent: "Copy the secret once, for Neo Agent",
    hidden: true,
  });
  copy.addEventListener("click", () => {
    const question =
      "Put the Client Secret on the clipboard now? It is written down that this was done. " +
      "Paste it into Neo Agent at once.";
    if (confirm(question)) {
      ask({ do: "copy" });
    }
  });
  const digits = make("input", { type: "text", inputMode: "numeric", maxLength: 6, size: 8 });
  digits.autocomplete = "off";
  const codeText = make("p", { role: "status" });
  const confirmCode = make("button", {
    type: "button",
    class: "h-btn",
    textContent: "Copy with this code",
  });
  const code = make("div", { hidden: true }, codeText, line("Code from the terminal", digits, confirmCode));
  const sendCode = () => {
    const value = digits.value.trim();
    digits.value = "";
    if (value) {
      ask({ do: "code", code: value });
    }
  };
  digits.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      sendCode();
    }
    if (!event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
  });
  confirmCode.addEventListener("click", sendCode);
  const onMessage = async (message) => {
    if (message.kind === "status") {
      status.textContent = message.text;
      copy.hidden = !message.kept;
    }
    if (message.kind === "code") {
      codeText.textContent = message.text;
      code.hidden = false;
      digits.focus();
    }
    if (message.kind === "copy") {
      code.hidden = true;
      try {
        await navigator.clipboard.writeText(message.value);
        said.textContent =
          "The secret is on the clipboard. Paste it into Neo Agent now, then copy something else.";
      } catch {
        said.textContent = "The browser does not allow it. Make a new secret in HaloPSA and paste that one.";
      }
    }
  };
  model.on("msg:custom", onMessage);
  el.append(
    make(
      "div",
      { class: "halo" },
      make("p", { textContent: model.get("about") }),
      text("base_url", "HaloPSA Base URL", "https://yourdomain.halopsa.com"),
      text("client_id", "Client ID", "a GUID"),
      line("Client Secret", secret, status),
      question,
      line("Where it stays", place),
      text("agent_id", "Agent ID", "a number, or the username"),
      make("div", { class: "h-row" }, save, copy),
      code,
      said,
      results,
    ),
  );
  const unfollow = follow(model, ["results", "answers"], () => {
    results.innerHTML = model.get("results");
    for (const [name, input] of Object.entries(values)) {
      if (document.activeElement !== input && model.get("answers")[name] !== undefined) {
        input.value = model.get("answers")[name];
      }
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
