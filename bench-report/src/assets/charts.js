// Live charts over uPlot: uPlot owns axes, grid and the dragged selection; points, bands and
// marks are drawn here, in the same shapes as the static plots.
"use strict";
const Charts = (() => {
  const SHAPES = [
    [[1, 0], [.7, .7], [0, 1], [-.7, .7], [-1, 0], [-.7, -.7], [0, -1], [.7, -.7]],
    [[.9, .9], [-.9, .9], [-.9, -.9], [.9, -.9]],
    [[0, -1.2], [1.1, .8], [-1.1, .8]],
    [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
    [[0, 1.2], [1.1, -.8], [-1.1, -.8]],
    [[1.4, .45], [-1.4, .45], [-1.4, -.45], [1.4, -.45]],
  ];
  const STYLES = 9;
  /** Pixels within which the mouse finds a point. */
  const REACH = 60;

  /** More points than this on a line bear no shapes: they would hide the line. */
  const CROWD = 150;

  const shapeOf = (style) => SHAPES[style % SHAPES.length];

  /** A custom property as a colour that a canvas understands, in the present theme. */
  function colour(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function swatch(series) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-11 -6 22 12");
    svg.setAttribute("aria-hidden", "true");
    const paint = `var(--s${series.style % STYLES})`;
    const add = (tag, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      svg.append(node);
    };
    if (series.line) add("path", { d: "M-11 0H11", stroke: paint, "stroke-width": 2, "stroke-dasharray": series.dashed ? "4 3" : "none" });
    add("polygon", { points: shapeOf(series.style).map(([x, y]) => `${x * 4},${y * 4}`).join(" "), fill: paint });
    return svg;
  }

  class Chart {
    /**
     * `page` has `state`, `set(changes)` and `say(text)`. The chart takes its place at once,
     * so that nothing moves under the mouse when `wake` draws it.
     */
    constructor(figure, panel, page) {
      Object.assign(this, { figure, panel, page, at: null });
      this.box = figure.querySelector(".plot");
      figure.classList.add("live");
      this.legend = element("div", { class: "legend", role: "group", "aria-label": `Lines of ${panel.title}` });
      this.box.before(this.legend);
      panel.series.forEach((series, index) => {
        const button = element("button", { type: "button", "aria-pressed": "true" }, swatch(series), series.name);
        button.addEventListener("click", () => this.toggle(index));
        this.legend.append(button);
      });
      this.tip = element("div", { class: "tooltip", hidden: "" });
      figure.append(this.tip);
      this.box.tabIndex = 0;
      this.box.setAttribute("role", "application");
      this.box.setAttribute("aria-roledescription", "chart");
      this.box.setAttribute("aria-label",
        `${panel.title}, ${panel.y.label} against ${panel.x.label}. Arrow keys go from point to point, plus and minus zoom, 0 shows all.`);
      this.box.addEventListener("focus", () => this.wake());
      this.box.addEventListener("keydown", (event) => this.key(event));
      this.box.addEventListener("blur", () => this.point(null));
      this.box.addEventListener("pointermove", (event) => this.hover(event));
      this.box.addEventListener("pointerleave", () => this.point(null));
      this.box.addEventListener("click", () => {
        if (this.at && !this.dragged) page.pick?.(this.at.point);
        this.dragged = false;
      });
      this.box.addEventListener("dblclick", () => this.zoom(null));
    }

    /** Draws for the first time; till then the static plot stands in the place. */
    wake() {
      if (this.awake) return;
      this.awake = true;
      this.box.classList.add("awake");
      this.update();
      new ResizeObserver(() => this.plot.setSize(this.size())).observe(this.box);
    }

    size() { return { width: Math.max(200, this.box.clientWidth), height: this.box.clientHeight || 300 }; }

    /** So many ticks the width has room for beside each other. */
    room() { return Math.max(3, Math.min(7, Math.floor(this.size().width / 72))); }

    hidden() {
      const parts = Core.parseList(this.page.state.off).get(this.panel.id) || [];
      return new Set(parts.map(Number));
    }

    toggle(index) {
      const all = Core.parseList(this.page.state.off);
      const hidden = this.hidden();
      if (!hidden.delete(index)) hidden.add(index);
      if (hidden.size) all.set(this.panel.id, [...hidden]); else all.delete(this.panel.id);
      this.page.set({ off: Core.formatList(all) });
    }

    window() {
      return Core.zoomed(Core.parseList(this.page.state.zoom).get(this.panel.id), this.logs.x);
    }

    zoom(range) {
      const all = Core.parseList(this.page.state.zoom);
      if (range) all.set(this.panel.id, range.map((v) => +v.toPrecision(5))); else all.delete(this.panel.id);
      this.page.set({ zoom: Core.formatList(all) });
    }

    /** Draws anew from the page's state. */
    update() {
      const { state } = this.page;
      const hidden = this.hidden();
      [...this.legend.children].forEach((button, index) => button.setAttribute("aria-pressed", String(!hidden.has(index))));
      if (!this.awake) return;
      this.series = this.panel.series.map((series, index) => ({
        ...series,
        points: hidden.has(index) ? [] : series.points.filter((point) => Core.shows(series, point, state)),
      }));
      const points = this.series.flatMap((series) => series.points);
      this.points = this.series.flatMap((series) => series.points.map((point) => ({ series, point })));
      this.log = state.scale === "log";
      const logOf = (axis) => this.log && !axis.linear;
      this.logs = { x: logOf(this.panel.x), y: logOf(this.panel.y) };
      const full = pad(points.map((p) => p.x), this.logs.x, .04);
      const x = this.window() || full;
      const seen = points.filter((p) => p.x >= x[0] && p.x <= x[1]);
      const band = this.panel.band ? [this.panel.band.low, this.panel.band.high] : [];
      const y = pad([...(seen.length ? seen : points).flatMap((p) => [p.low, p.high]), ...band], this.logs.y, .06);
      this.range = { x, y, full };
      this.colours = Object.fromEntries(["ink", "muted", "line", "band", "paper", ...Array.from({ length: STYLES }, (_, i) => `s${i}`)]
        .map((name) => [name, colour(`--${name}`)]));
      this.build();
      this.point(null);
    }

    build() {
      if (this.plot) this.plot.destroy();
      const axis = (side, key) => ({
        label: this.panel[key].label, labelSize: 20, labelFont: "12px system-ui", font: "11px system-ui", size: side === 3 ? 56 : 34,
        stroke: () => this.colours.muted, grid: { stroke: () => this.colours.line, width: 1 }, ticks: { stroke: () => this.colours.line, width: 1, size: 4 },
        splits: (_u, _axis, low, high) => Core.ticks(this.panel[key].unit, this.logs[key], low, high, key === "x" ? this.room() : 7),
        values: (_u, splits) => splits.map((v) => (this.panel[key].names ? this.panel[key].names[v] ?? "" : Core.formatTick(this.panel[key].unit, v))),
        filter: (_u, splits) => splits,
      });
      const scale = (key) => ({ time: false, distr: this.logs[key] ? 3 : 1, range: () => this.range[key] });
      this.plot = new uPlot({
        ...this.size(),
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { points: { show: false }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => null } },
        scales: { x: scale("x"), y: scale("y") },
        axes: [axis(2, "x"), axis(3, "y")],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          draw: [(u) => this.draw(u)],
          setSelect: [(u) => {
            if (u.select.width < 6) return;
            const range = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            this.dragged = true;
            this.zoom(range);
          }],
        },
      }, [this.range.x, this.range.y], this.box);
    }

    draw(u) {
      const { ctx, bbox } = u;
      const ratio = devicePixelRatio || 1;
      const px = (v) => u.valToPos(v, "x", true);
      const py = (v) => u.valToPos(this.logs.y && v <= 0 ? this.range.y[0] : v, "y", true);
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      const { band } = this.panel;
      if (band) {
        ctx.fillStyle = this.colours.band;
        ctx.fillRect(bbox.left, py(band.high), bbox.width, py(band.low) - py(band.high));
        this.path(ctx, [[bbox.left, py(band.middle)], [bbox.left + bbox.width, py(band.middle)]], this.colours.muted, ratio, []);
      }
      for (const series of this.series) {
        if (series.points.length) this.drawSeries(ctx, series, px, py, ratio);
      }
      const [from, to] = this.range.x;
      const marks = this.panel.marks.filter((mark) => mark.x >= from && mark.x <= to);
      for (const mark of marks) {
        const x = px(mark.x);
        this.path(ctx, [[x, bbox.top], [x, bbox.top + bbox.height]], this.colours.muted, ratio, [4 * ratio, 3 * ratio]);
      }
      marks.forEach((mark, row) => {
        const x = px(mark.x);
        ctx.font = `${11 * ratio}px system-ui`;
        ctx.textAlign = "left";
        ctx.textBaseline = "top";
        // Beside its line, away from the nearer edge, and never beyond either.
        const width = ctx.measureText(mark.label).width;
        const beside = x > bbox.left + bbox.width / 2 ? x - 5 * ratio - width : x + 5 * ratio;
        const left = Math.max(bbox.left + 3 * ratio, Math.min(beside, bbox.left + bbox.width - width - 3 * ratio));
        const top = bbox.top + (3 + 14 * row) * ratio;
        // On a ground of its own: it may lie across the line of another mark.
        ctx.globalAlpha = .85;
        ctx.fillStyle = this.colours.paper;
        ctx.fillRect(left - 2 * ratio, top - ratio, width + 4 * ratio, 14 * ratio);
        ctx.globalAlpha = 1;
        ctx.fillStyle = this.colours.ink;
        ctx.fillText(mark.label, left, top);
      });
      if (this.at) {
        ctx.beginPath();
        ctx.arc(px(this.at.point.x), py(this.at.point.y), 8 * ratio, 0, 2 * Math.PI);
        ctx.strokeStyle = this.colours.ink;
        ctx.lineWidth = 2 * ratio;
        ctx.stroke();
      }
      ctx.restore();
    }

    drawSeries(ctx, series, px, py, ratio) {
      const paint = this.colours[`s${series.style % STYLES}`];
      const points = series.points;
      // A hollow point is of something else: no line leads to it, and its interval is a bar.
      const solid = points.filter((p) => !p.hollow);
      const wide = points.some((p) => p.low < p.high);
      for (const p of points) if (p.hollow) this.path(ctx, [[px(p.x), py(p.low)], [px(p.x), py(p.high)]], paint, ratio, []);
      if (wide && series.line && !series.dashed && solid.length > 1) {
        ctx.beginPath();
        solid.forEach((p) => ctx.lineTo(px(p.x), py(p.high)));
        solid.slice().reverse().forEach((p) => ctx.lineTo(px(p.x), py(p.low)));
        ctx.globalAlpha = .2;
        ctx.fillStyle = paint;
        ctx.fill();
        ctx.globalAlpha = 1;
      } else if (wide) {
        for (const p of solid) this.path(ctx, [[px(p.x), py(p.low)], [px(p.x), py(p.high)]], paint, ratio, []);
      }
      if (series.line) this.path(ctx, solid.map((p) => [px(p.x), py(p.y)]), paint, 2 * ratio, series.dashed ? [6 * ratio, 4 * ratio] : []);
      if (points.length > CROWD) return;
      for (const p of points) {
        ctx.beginPath();
        for (const [dx, dy] of shapeOf(series.style)) ctx.lineTo(px(p.x) + dx * 4 * ratio, py(p.y) + dy * 4 * ratio);
        ctx.closePath();
        ctx.fillStyle = p.hollow ? this.colours.paper : paint;
        ctx.fill();
        if (!p.hollow) continue;
        ctx.strokeStyle = paint;
        ctx.lineWidth = 1.5 * ratio;
        ctx.stroke();
      }
    }

    path(ctx, points, paint, width, dash) {
      ctx.beginPath();
      for (const [x, y] of points) ctx.lineTo(x, y);
      ctx.strokeStyle = paint;
      ctx.lineWidth = width;
      ctx.setLineDash(dash);
      ctx.stroke();
      ctx.setLineDash([]);
    }

    places() {
      return this.points.map(({ point }) => ({ x: this.plot.valToPos(point.x, "x"), y: this.plot.valToPos(point.y, "y") }));
    }

    hover(event) {
      this.wake();
      const box = this.plot.over.getBoundingClientRect();
      const index = Core.nearest(this.places(), event.clientX - box.left, event.clientY - box.top, REACH);
      this.point(index < 0 ? null : this.points[index]);
    }

    /** Marks a point and tells it: its name, its figures, its case. */
    point(entry, aloud = false) {
      if (this.at === entry) return;
      this.at = entry;
      this.plot.redraw(false);
      this.tip.hidden = !entry;
      if (!entry) return;
      const { series, point } = entry;
      const { x, y } = this.panel;
      const ends = `${Core.format(y.unit, point.low)} to ${Core.format(y.unit, point.high)}`;
      const range = point.low < point.high ? (point.quartiles ? `, quartiles ${ends}` : ` [${ends}]`) : "";
      const lines = [
        ["b", series.name],
        ["span", `${Core.format(y.unit, point.y)}${range}`],
        ["span", x.names ? "" : `${Core.format(x.unit, point.x)} ${x.label.replace(/^bytes /, "")}`],
        ["span", point.note],
        ["code", point.id],
      ].filter(([, text]) => text);
      this.tip.replaceChildren(...lines.map(([tag, text]) => element(tag, {}, text)));
      const over = this.plot.over;
      const left = over.offsetLeft + this.plot.valToPos(point.x, "x");
      const width = this.tip.offsetWidth;
      this.tip.style.left = `${left + width + 24 > this.figure.clientWidth ? Math.max(0, left - width - 14) : left + 14}px`;
      this.tip.style.top = `${this.box.offsetTop + over.offsetTop + this.plot.valToPos(point.y, "y") + 12}px`;
      if (aloud) this.page.say(lines.map(([, text]) => text).join(", "));
    }

    key(event) {
      // With these the keys are the browser's: its own zoom, its way back.
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
      if (event.key in moves && this.points.length) this.move(...moves[event.key]);
      else if (event.key === "+" || event.key === "=") this.scaleWindow(.5);
      else if (event.key === "-") this.scaleWindow(2);
      else if (event.key === "0") this.zoom(null);
      else if (event.key === "Escape") this.point(null);
      else if (event.key === "Enter" && this.at && this.page.pick) this.page.pick(this.at.point);
      else return;
      event.preventDefault();
    }

    /** Sideways along a series, or up and down to the next one. */
    move(along, across) {
      if (!this.at) return this.point(this.points[0], true);
      if (along) {
        const same = this.points.filter((p) => p.series === this.at.series);
        const next = same.indexOf(this.at) + along;
        return this.point(same[Math.max(0, Math.min(same.length - 1, next))], true);
      }
      const all = this.series.filter((s) => s.points.length);
      const series = all[(all.indexOf(this.at.series) + across + all.length) % all.length];
      const there = this.points.filter((p) => p.series === series);
      const x = this.at.point.x;
      there.sort((p, q) => Math.abs(p.point.x - x) - Math.abs(q.point.x - x));
      this.point(there[0], true);
    }

    /** Zooms around the marked point, or the middle, by a factor. */
    scaleWindow(factor) {
      const to = (v) => (this.logs.x ? Math.log(v) : v);
      const from = (v) => (this.logs.x ? Math.exp(v) : v);
      const [low, high] = this.range.x.map(to);
      const middle = this.at ? to(this.at.point.x) : (low + high) / 2;
      const half = ((high - low) / 2) * factor;
      const [least, most] = this.range.full.map(to);
      if (half * 2 >= most - least) return this.zoom(null);
      this.zoom([from(Math.max(least, middle - half)), from(Math.min(most, middle + half))]);
    }
  }

  /** Ends around values with a margin, in the logarithm where the axis is one. */
  function pad(values, log, margin) {
    const usable = values.filter((v) => Number.isFinite(v) && (!log || v > 0));
    if (!usable.length) return [1, 2];
    const to = (v) => (log ? Math.log10(v) : v);
    const from = (v) => (log ? 10 ** v : v);
    const [low, high] = [Math.min(...usable), Math.max(...usable)].map(to);
    const span = Math.max(high - low, log ? .1 : Math.abs(high) * .01 || 1) * margin;
    return [from(low - span), from(high + span)];
  }

  return { Chart, element };
})();
