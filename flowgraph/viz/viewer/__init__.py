"""The viewer: a graph as one HTML file to click through, which needs no network and no server.

    graph.to_html("model.html")

`payload` turns a graph into plain JSON, `page` puts that and the files of `assets` into one page.
What happens in the browser is in `assets`: `model.js` reads the payload, `layout.js` finds places,
`draw.js` draws, `state.js` knows what is open and selected, `main.js` starts it all.
"""
