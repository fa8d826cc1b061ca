// Printing: the whole graph as it is opened, in light colours, with its title and legend; not the
// part that the window happens to show.

const Print = (() => {
  let sheet = null;

  function before() {
    document.documentElement.dataset.theme = "light";
    Legend.show();
    const whole = new DOMParser().parseFromString(exportSvg(), "image/svg+xml").documentElement;
    whole.removeAttribute("width");
    whole.removeAttribute("height");
    // Its arrow heads need names of their own: those of the picture are not there in print.
    for (const marker of whole.querySelectorAll("marker")) marker.id = `print-${marker.id}`;
    for (const edge of whole.querySelectorAll("[marker-end]")) {
      edge.setAttribute("marker-end", edge.getAttribute("marker-end").replace("#", "#print-"));
    }
    sheet = el("div", { id: "print" }, document.importNode(whole, true));
    document.body.append(sheet);
  }

  function after() {
    if (sheet) sheet.remove();
    sheet = null;
    Theme.apply();
  }

  function build() {
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
  }

  return { build };
})();
