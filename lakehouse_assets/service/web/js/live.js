// What moves while a dashboard is looked at: its tiles come by a WebSocket after their tables were published.

const [FIRST, LONGEST] = [1000, 60000]; // milliseconds until another is opened, at first and at most
const REFUSED = 1008;

/** Follows one choice after another; `fill` is called with tiles, at first with all. */
export function live(id, fill) {
  let [socket, timer, choice, pause] = [null, null, null, FIRST];

  function end() {
    clearTimeout(timer);
    timer = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function open() {
    end();
    if (!choice || document.hidden) return;
    const url = new URL(`/ws/dashboards/${encodeURIComponent(id)}`, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.onopen = () => { pause = FIRST; socket.send(JSON.stringify(choice)); };
    socket.onmessage = ({ data }) => { const { tiles } = JSON.parse(data); if (tiles) fill(tiles); };
    socket.onclose = ({ code }) => {
      socket = null;
      if (code === REFUSED) return;
      timer = setTimeout(open, pause * (1 + Math.random()));
      pause = Math.min(pause * 2, LONGEST);
    };
  }

  // Nobody looks at a page behind another one.
  document.addEventListener("visibilitychange", open);
  return { follow(chosen) { choice = chosen; open(); } };
}
