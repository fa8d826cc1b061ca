// Menus of the toolbar: a button that opens a list of commands, switches and choices.

const Menu = (() => {
  // items: {title, key, run} a command; {title, key, checked(), run} a switch;
  //        {heading} a heading; {title, group, checked(), run} one of a choice
  function build(iconName, label, items) {
    const list = el("div", { class: "popup menu", role: "menu", "aria-label": label, hidden: true });
    const button = Dom.iconButton(iconName, label, () => (list.hidden ? open() : close(true)));
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    const box = el("div", { class: "menu-box" }, button, list);

    function open() {
      Dom.fill(list, items.filter((item) => !item.when || item.when()).map((item) => {
        if (item.heading) return el("div", { class: "menu-heading", role: "presentation" }, item.heading);
        const on = item.checked && item.checked();
        return el("button", { type: "button", tabindex: "-1", class: "menu-item",
          role: item.group ? "menuitemradio" : item.checked ? "menuitemcheckbox" : "menuitem",
          "aria-checked": item.checked && String(!!on), "aria-keyshortcuts": item.key,
          onclick: () => { close(true); item.run(); } },
        el("span", { class: "check", "aria-hidden": "true" }, on ? (item.group ? "•" : "✓") : ""),
        el("span", { class: "menu-title" }, item.title), item.key && el("kbd", {}, item.key));
      }));
      list.hidden = false;
      button.setAttribute("aria-expanded", "true");
      list.querySelector("button").focus();
    }

    function close(back) {
      if (list.hidden) return;
      list.hidden = true;
      button.setAttribute("aria-expanded", "false");
      if (back) button.focus();
    }

    list.addEventListener("keydown", (event) => {
      const all = [...list.querySelectorAll("button")], at = all.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to !== undefined) all[(to + all.length) % all.length].focus();
      else if (event.key === "Escape") close(true);
      else if (event.key === "Tab") return close(false);
      else return undefined;
      event.preventDefault();
      event.stopPropagation();
      return undefined;
    });
    document.addEventListener("pointerdown", (event) => {
      if (!box.contains(event.target)) close(false);
    });
    return box;
  }

  return { build };
})();
