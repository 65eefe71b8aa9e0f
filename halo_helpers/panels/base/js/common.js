// What every panel needs: making elements, and asking the kernel with an answer that may not come.
// biome-ignore-all lint/correctness/noUnusedVariables: each panel's script is put behind this one
const ANSWER_S = 4;
const IN_VOILA = location.pathname.includes("/voila/");
const AGAIN = IN_VOILA ? "Reload this page." : "Choose Run → Run All Cells.";

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

// The kernel of the notebook that an element lies in, as JupyterLab knows it; null elsewhere.
function kernelHere() {
  return window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel || null;
}

// Send a message; say so when no kernel takes it, or it does not answer for a while.
function asker(model, say) {
  let waiting = null;
  const end = () => {
    clearInterval(waiting);
    waiting = null;
  };
  const onMessage = (message) => {
    if (message.kind === "ack") {
      end();
      say("");
    }
  };
  model.on("msg:custom", onMessage);
  const ask = (message) => {
    end();
    try {
      model.send(message);
    } catch {
      say(`There is no kernel. Nothing is lost. ${AGAIN}`);
      return false;
    }
    let seconds = 0;
    waiting = setInterval(() => {
      seconds += 1;
      const busy = kernelHere()?.status === "busy";
      const stuck = seconds >= ANSWER_S && !busy;
      say(
        stuck
          ? `The kernel does not answer. Nothing is lost. ${AGAIN}`
          : `Waiting: the kernel runs another cell, ${seconds} s`,
      );
    }, 1000);
    return true;
  };
  return {
    ask,
    stop: () => {
      end();
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
