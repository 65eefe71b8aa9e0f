// What every panel needs: making elements, and asking the kernel with an answer that may not come.
// biome-ignore-all lint/correctness/noUnusedVariables: each panel's script is put behind this one
const ANSWER_MS = 4000;

function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") {
      element.className = value;
    } else if (name in element) {
      element[name] = value;
    } else {
      element.setAttribute(name, value);
    }
  }
  element.append(...children);
  return element;
}

// Send a message; say so when no kernel takes it, or it does not answer for a while.
function asker(model, say) {
  let waiting = null;
  const onMessage = (message) => {
    if (message.kind !== "ack") {
      return;
    }
    clearTimeout(waiting);
    waiting = null;
    say("");
  };
  model.on("msg:custom", onMessage);
  const ask = (message) => {
    clearTimeout(waiting);
    try {
      model.send(message);
      waiting = setTimeout(
        () =>
          say("The kernel does not answer. If it was restarted, run this cell again; if it is busy, wait."),
        ANSWER_MS,
      );
      return true;
    } catch {
      say("There is no kernel. Run this cell again.");
      return false;
    }
  };
  return {
    ask,
    stop: () => {
      clearTimeout(waiting);
      model.off("msg:custom", onMessage);
    },
  };
}

function copier(text, label) {
  const button = make("button", {
    type: "button",
    class: "h-btn small",
    textContent: "Copy",
    title: `Copy ${label}`,
  });
  button.setAttribute("aria-label", `Copy ${label}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy by hand";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  return button;
}

function follow(model, names, draw) {
  for (const name of names) {
    model.on(`change:${name}`, draw);
  }
  draw();
  return () => {
    for (const name of names) {
      model.off(`change:${name}`, draw);
    }
  };
}
