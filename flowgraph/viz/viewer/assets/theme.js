// Light, dark, or as the system has it. The colours stand in palette.py and panel.css; this file
// only says which are meant.

const Theme = (() => {
  const system = matchMedia("(prefers-color-scheme: dark)");

  const isDark = () => (state.theme === "auto" ? system.matches : state.theme === "dark");

  // What the button and the key `d` do: the other of the two.
  function flip() {
    const wanted = isDark() ? "light" : "dark";
    set({ theme: (wanted === "dark") === system.matches ? "auto" : wanted });
    Dom.announce(`${wanted} colours`);
  }

  function apply() {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  }

  function button() {
    const made = Dom.iconButton("moon", "Dark or light", flip, "d");
    made.classList.add("theme-button");
    return made;
  }

  function build() {
    system.addEventListener("change", apply);
    on((changed) => { if (changed.has("theme")) apply(); });
    apply();
  }

  return { build, button, flip, apply };
})();
