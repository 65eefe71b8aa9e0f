// Run all cells of a notebook, and stay where the page is. JupyterLab scrolls to the last cell as soon as it can
// lay it out: on a slow machine that is under a button that somebody presses, whose click is lost then.
// biome-ignore lint/correctness/noUnusedVariables: the scripts that this is put before call it
function runAllCells(app, note) {
  window.haloRunning ??= new WeakSet();
  window.haloRunning.add(note);
  note.content.scrollToItem = () => Promise.resolve();
  return app.commands.execute("notebook:run-all-cells").finally(() => {
    delete note.content.scrollToItem;
    window.haloRunning.delete(note);
  });
}
