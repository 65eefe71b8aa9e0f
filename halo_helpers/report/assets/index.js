const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const marks = { p: "●", w: "▲", f: "✖", e: "?", "-": "·" };
const step = 100;
let shown = step;

// How often the life line went from working to broken or back.
function changes(line) {
  const works = [...line].filter((letter) => letter !== "-").map((letter) => "pw".includes(letter));
  return works.filter((one, n) => n && one !== works[n - 1]).length;
}

function cell(row, text, heading) {
  const one = document.createElement(heading ? "th" : "td");
  if (heading) {
    one.scope = "row";
  }
  one.textContent = text;
  row.append(one);
  return one;
}

function draw() {
  const kind = data.kinds[$("k").value || 0];
  const found = (kind ? kind.tenants : []).filter(
    ([name, line]) =>
      name.includes($("q").value.trim().toLowerCase()) && (!$("v").value || line.endsWith($("v").value)),
  );
  $("count").textContent = `${found.length} of ${kind ? kind.tenants.length : 0}`;
  $("rows").replaceChildren(
    ...found.slice(0, shown).map(([name, line]) => {
      const row = document.createElement("tr");
      cell(row, name, true);
      const life = cell(row, "");
      life.className = "life";
      [...line].forEach((letter, n) => {
        const mark = document.createElement("span");
        mark.className = data.letters[letter] || "skip";
        mark.textContent = marks[letter];
        mark.title = kind.runs[n];
        life.append(mark);
      });
      const times = changes(line);
      cell(row, times ? `${times} ${times === 1 ? "time" : "times"}` : "");
      return row;
    }),
  );
  $("more").hidden = found.length <= shown;
}

for (const [n, kind] of data.kinds.entries()) {
  $("k").add(new Option(kind.title, n));
}
$("k").parentElement.hidden = data.kinds.length < 2;
for (const id of ["q", "v", "k"]) {
  $(id).addEventListener("input", () => {
    shown = step;
    draw();
  });
}
$("more").addEventListener("click", () => {
  shown += 10 * step;
  draw();
});
draw();
