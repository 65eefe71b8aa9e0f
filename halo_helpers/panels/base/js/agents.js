// The agents of the tenant: searched, sorted, one of them chosen as the Agent ID.

function render({ model, el }) {
  const id = `halo-${Math.random().toString(36).slice(2)}`;
  const said = make("p", { role: "status", class: "h-soft" });
  const count = make("span", { role: "status", class: "h-soft" });
  const { ask, stop } = asker(model, (text) => {
    said.textContent = text;
  });
  const search = make("input", { type: "search", id, size: 24 });
  const rows = make("tbody");
  const head = make("tr");
  const about = make("p", { class: "h-soft" });
  const finding = make("p", {}, make("label", { htmlFor: id, textContent: "Search " }), search, count);
  const table = make("div", { class: "h-wide" }, make("table", {}, make("thead", {}, head), rows));
  search.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) {
      event.stopPropagation();
    }
  });
  let order = "";
  let down = false;
  for (const [name, label] of [
    ["id", "ID"],
    ["name", "Name"],
    ["teams", "Teams"],
    ["marks", "Remarks"],
  ]) {
    const button = make("button", { type: "button", class: "h-btn small quiet", textContent: label });
    button.addEventListener("click", () => {
      down = order === name && !down;
      order = name;
      draw();
    });
    head.append(make("th", { scope: "col" }, button));
  }
  head.append(make("th", { scope: "col", textContent: "Agent ID" }));

  function draw() {
    const q = search.value.toLowerCase();
    const chosen = model.get("chosen");
    const found = model
      .get("rows")
      .filter((r) => !q || `${r.id} ${r.name} ${r.teams} ${r.marks}`.toLowerCase().includes(q));
    const compare = (a, b) => (a[order] > b[order] ? 1 : a[order] < b[order] ? -1 : a.id - b.id);
    if (order) {
      found.sort((a, b) => compare(a, b) * (down ? -1 : 1)); // else as they come: the application's own first
    }
    rows.replaceChildren(
      ...found.slice(0, 200).map((r) => {
        const pick = make("button", {
          type: "button",
          class: "h-btn",
          textContent: r.id === chosen ? "chosen" : "choose",
          disabled: r.id === chosen,
        });
        pick.setAttribute("aria-label", `Choose ${r.name}, ID ${r.id}`);
        pick.addEventListener("click", () => ask({ do: "choose", id: r.id }));
        return make(
          "tr",
          {},
          make("td", { textContent: r.id }),
          make("td", { textContent: r.name }),
          make("td", { textContent: r.teams }),
          make("td", { textContent: r.marks }),
          make("td", {}, pick),
        );
      }),
    );
    const cut = found.length > 200 ? ", the first 200 shown" : "";
    about.textContent = model.get("about");
    table.hidden = !model.get("rows").length;
    finding.hidden = model.get("rows").length < 12;
    count.textContent = ` ${found.length} of ${model.get("rows").length} agents${cut}`;
  }
  search.addEventListener("input", draw);
  el.append(make("div", { class: "halo" }, about, finding, table, said));
  const unfollow = follow(model, ["rows", "chosen", "about"], draw);
  return () => {
    unfollow();
    stop();
  };
}

export default { render };
