/* 闭环：页面里的脚本。没有它，页面照样能办；有它，快一些。 */
(function () {
  "use strict";

  // 大字：记在浏览器里，下次打开由服务器直接给出，不闪。
  function large() {
    var on = document.documentElement.classList.toggle("large");
    document.cookie = "large=" + (on ? "1" : "0") + ";path=/;max-age=31536000;samesite=strict";
  }

  // 键盘：data-key="Alt+C"、"Ctrl+Enter"、"/"、"j"。在输入框里，单个字母不算。
  function pressed(event) {
    var parts = [];
    if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
    if (event.altKey) parts.push("Alt");
    var key = event.key;
    if (event.altKey && /^Key[A-Z]$/.test(event.code)) key = event.code.slice(3);
    parts.push(key);
    return parts.join("+").toLowerCase();
  }
  function typing(event) {
    return event.key !== "Escape" && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !event.ctrlKey && !event.altKey && !event.metaKey;
  }
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || typing(event)) return;
    var said = pressed(event), here = event.target.closest ? event.target.closest("form") : null;
    if (said === "escape") { leave(event.target); return; }
    if (said === "enter" && event.target.closest && event.target.closest("a, button, summary, [tabindex]:not(main)")) return;
    // 提交键只交光标所在的那张表；光标不在表里，就什么也不交。
    var found = said === "ctrl+enter" ? sender(here) : keyed(said, here);
    if (!found) return;
    event.preventDefault();
    if (found.tagName === "FORM") into(found);
    else if (/^(INPUT|TEXTAREA|SELECT)$/.test(found.tagName) && found.type !== "radio" && found.type !== "checkbox") found.focus();
    else found.click();
    if (found.tagName === "SUMMARY" && found.parentNode.open) into(found.parentNode);
  });
  function seen(one) { return one.offsetParent !== null; }
  function keyed(said, here) {
    var all = Array.prototype.filter.call(document.querySelectorAll("[data-key]"), function (one) {
      return one.getAttribute("data-key").toLowerCase() === said && seen(one);
    });
    return all.filter(function (one) { return here && here.contains(one); })[0] || all[0];
  }
  function sender(form) {
    if (!form || form.method !== "post") return null;
    var buttons = Array.prototype.filter.call(form.querySelectorAll("button:not([type=button])"), seen);
    return buttons.filter(function (one) { return one.getAttribute("data-key") === "Ctrl+Enter"; })[0] || buttons[0];
  }
  // 进到一张表或展开处：光标到第一个要填的；没有要填的，到按钮。
  function into(place) {
    var first = Array.prototype.filter.call(place.querySelectorAll("input:not([type=hidden]), select, textarea"), seen)[0] || place.querySelector("button");
    if (first) first.focus();
  }
  // Esc：合上光标所在的展开处，焦点回到它的开关；在搜索框里，离开搜索框。
  function leave(from) {
    var open = from.closest ? from.closest("details[open]") : null;
    if (open) { open.open = false; open.querySelector("summary").focus(); }
    else if (from.type === "search") from.blur();
    else document.querySelectorAll(".top details[open], .pop[open]").forEach(function (one) { one.open = false; });
  }

  // 列表里 j、k 上下选一行，回车打开；列表自己刷新之后，还停在那一件上。
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || typing(event) || (event.key !== "j" && event.key !== "k") || event.ctrlKey || event.altKey || event.metaKey) return;
    var rows = Array.prototype.slice.call(document.querySelectorAll("[data-row]"));
    if (!rows.length) return;
    var at = rows.indexOf(document.activeElement), last = rows.length - 1;
    rows[event.key === "j" ? Math.min(at + 1, last) : Math.max(at < 0 ? last : at - 1, 0)].focus();
    event.preventDefault();
  });
  // 块自己刷新之后，焦点还在原来那一处；原来那一处没有了，就到这一块里第一处能停的。
  var STOPS = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  var left = null;
  function place(one) {
    var form = one.form || one.closest("form");
    return [one.tagName, one.id, one.getAttribute("href"), form && form.getAttribute("action"), one.name, one.className].join("|");
  }
  // 正按着的时候先不换、先不提示：换了，或者挪了位置，这一下就点空了。松开以后再说。
  var held = null, kept = false;
  document.addEventListener("pointerdown", function (event) { if (event.button === 0) held = event.target; });
  ["pointerup", "pointercancel"].forEach(function (name) {
    document.addEventListener(name, function () {
      held = null;
      setTimeout(function () { if (kept) refresh(); kept = false; warn(); });
    });
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    var asked = event.detail.requestConfig;
    if (held && asked.target.contains(held) && asked.elt.hasAttribute("data-refresh")) {
      event.detail.shouldSwap = false;
      kept = true;
      return;
    }
    var one = document.activeElement;
    if (!event.detail.shouldSwap || !one || one === document.body) return; // 前一次换下的焦点，还没有放回去
    var block = one.closest("div[id], ul[id], section[id]");
    left = block ? { place: place(one), block: block.id } : null;
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target.hasAttribute("data-into") && event.target.firstElementChild) { left = null; into(event.target); return; }
    if (document.activeElement !== document.body) left = null;
    if (!left) return;
    var block = document.getElementById(left.block) || document.getElementById("main");
    var stops = Array.prototype.filter.call(block.querySelectorAll(STOPS), seen);
    var same = stops.filter(function (one) { return place(one) === left.place; });
    (same[0] || stops[0] || document.getElementById("main")).focus({ preventScroll: true });
    left = null;
  });

  // 连点两下只交一次；真要重办，页面回来后再点。
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented) return;
    var form = event.target;
    if (form.hasAttribute("data-sent")) { event.preventDefault(); return; }
    form.setAttribute("data-sent", "");
    window.addEventListener("pageshow", function () { form.removeAttribute("data-sent"); }, { once: true });
  });

  // 已经提交的表，不再自动存草稿。
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.closest("form[data-sent]")) event.preventDefault();
  });

  document.addEventListener("click", function (event) {
    var one = event.target.closest("[data-large], [data-copy], [data-print]");
    if (!one) {
      document.querySelectorAll(".top details[open]").forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
      return;
    }
    if (one.hasAttribute("data-large")) large();
    if (one.hasAttribute("data-print")) window.print();
    if (one.hasAttribute("data-copy")) copy(one);
  });

  // 纸上：收着的内容打开，只装着要填要按的不打开；填了一半的反馈按文字印，框里会截断。印完照旧。
  var undo = [];
  function put(one, text) {
    if (text) {
      var told = document.createElement("p");
      told.className = "on-paper";
      told.textContent = text;
      one.parentNode.insertBefore(told, one);
      undo.push(function () { told.remove(); });
    }
    one.classList.add("no-print");
    undo.push(function () { one.classList.remove("no-print"); });
  }
  function onPaper() {
    offPaper();
    document.querySelectorAll("main details:not([open]):not(.pop):not(.quarters)").forEach(function (one) {
      if (one.closest("form, .pop") || one.querySelector("form")) return;
      one.open = true;
      undo.push(function () { one.open = false; });
    });
    document.querySelectorAll(".printed textarea, .printed select, .printed input:not([type])").forEach(function (one) {
      var value = one.tagName === "SELECT" && one.value ? one.options[one.selectedIndex].text : one.value;
      put(one, value.trim() ? value : "（未填）");
    });
    document.querySelectorAll(".printed [type=checkbox]").forEach(function (one) { put(one.checked ? one : one.closest("li")); });
  }
  function offPaper() { undo.splice(0).forEach(function (back) { back(); }); }
  window.addEventListener("beforeprint", onPaper);
  window.addEventListener("afterprint", offPaper);

  // 复制：内网常无 https，剪贴板接口用不了，退回旧办法。
  function copy(button) {
    var source = document.getElementById(button.getAttribute("data-copy"));
    var area = document.createElement("textarea");
    area.value = source.value !== undefined ? source.value : source.textContent;
    area.className = "skip";
    document.body.appendChild(area);
    area.select();
    var ok = document.execCommand("copy");
    area.remove();
    button.focus();
    button.setAttribute("data-told", button.textContent);
    button.textContent = ok ? "已复制" : "请手动复制";
    setTimeout(function () { button.textContent = button.getAttribute("data-told"); }, 1600);
  }

  // 附件太大，不必先传上去才知道。
  document.addEventListener("change", function (event) {
    var most = event.target.getAttribute && event.target.getAttribute("data-most");
    if (!most) return;
    var large = Array.prototype.filter.call(event.target.files, function (file) { return file.size > Number(most); });
    var told = document.getElementById("attach-told");
    told.textContent = "";
    if (!large.length && event.target.files.length <= 10) return;
    event.stopPropagation();
    event.target.value = "";
    told.textContent = !large.length ? "一次最多选10个文件，没有上传。" : large.map(function (file) { return file.name; }).join("、") + " 超过10MB，没有上传。请压缩或拆分后再传。";
  }, true);

  // 拒绝的原因一出现，焦点就到那里，读屏也会念。
  function focusRefusal(root) {
    var told = root.querySelector ? root.querySelector("[data-focus]") : null;
    if (told) told.focus();
  }
  document.addEventListener("DOMContentLoaded", function () { focusRefusal(document); live(); });
  document.addEventListener("htmx:afterSettle", function (event) { focusRefusal(event.target); });

  function refresh() {
    document.querySelectorAll("[data-refresh]").forEach(function (one) { window.htmx.trigger(one, "changed"); });
  }

  var stale = false;
  function warn() {
    var told = document.getElementById("changed");
    if (told && stale && !held) told.hidden = false;
  }

  function ended() {
    var told = document.createElement("div"), main = document.getElementById("main");
    told.className = "changed";
    told.setAttribute("role", "status");
    told.innerHTML = "本页不再自动更新。<a href=\"\">请刷新页面</a>；登录若已结束，会请您重新登录。";
    main.insertBefore(told, main.firstChild);
  }

  // 系统忙、出了错或连不上。人点的、填的：说没有办成，同一处再办成了就收起。
  // 页面自己取的：说可能不是最新的，自己再试，取到了就收起。
  var NOT_DONE = "没有办成：系统暂时忙或连不上，刚才没有办成，请稍候再点一次。";
  var late = new Map(), line = null, ageing = null, undone = null, fetched = Date.now(), leaving = false;
  function old() {
    var minutes = Math.floor((Date.now() - fetched) / 60000);
    return "系统暂时忙或连不上：本页是" + (minutes > 0 ? " " + minutes + " 分钟前" : "刚才") + "取到的，可能不是最新的。会自动再试，不用刷新。";
  }
  function tell(role, looks, text) {
    var told = document.createElement("div"), main = document.getElementById("main");
    told.className = "stays " + looks;
    told.setAttribute("role", role);
    main.insertBefore(told, main.firstChild);
    setTimeout(function () { told.textContent = text; }, 30);  // 先有这一处，再有字，读屏才念
    return told;
  }
  function behind(one, patience) {
    var so = late.get(one) || { tries: 0, timer: null };
    late.set(one, so);
    setTimeout(function () {
      if (!late.size || line || leaving) return;
      line = tell("status", "warn", old());
      clearInterval(ageing);
      ageing = setInterval(function () { if (line.textContent !== old()) line.textContent = old(); }, 10000);
    }, patience);
    return so;
  }
  function caught(one) {
    late.delete(one);
    late.forEach(function (so, other) { if (other.nodeType && !document.contains(other)) late.delete(other); });
    if (late.size) return;
    fetched = Date.now();
    clearInterval(ageing);
    if (line) line.remove();
    line = null;
  }
  function pause(so) { return Math.min(60, 3 * Math.pow(2, so.tries++)) * (750 + 500 * Math.random()); }
  function byItself(one) { return one.hasAttribute("data-refresh") || /^(load|every)/.test(one.getAttribute("hx-trigger")); }
  function fetchAgain(one) {
    if (!late.has(one) || !document.contains(one)) return;
    if (one.hasAttribute("data-refresh")) window.htmx.trigger(one, "changed");
    else window.htmx.ajax("GET", one.getAttribute("hx-get"), { source: one, target: one, swap: one.getAttribute("hx-swap"), headers: { "x-by-itself": "1" } });
  }
  function failed(event) {
    var one = event.detail.requestConfig.elt, target = event.detail.requestConfig.target;
    if (leaving) return;
    if (byItself(one)) {
      var so = behind(one, 2000);
      clearTimeout(so.timer);
      if (!/^every/.test(one.getAttribute("hx-trigger"))) so.timer = setTimeout(function () { fetchAgain(one); }, pause(so));
      return;
    }
    if (one.type === "file") one.value = "";  // 再选同一个文件，也算又选了一次
    if (undone) undone.told.remove();
    undone = { target: target, told: tell("alert", "refusal", one.getAttribute("data-failed") || NOT_DONE) };
  }
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (name) { document.addEventListener(name, failed); });
  document.addEventListener("htmx:afterRequest", function (event) {
    var asked = event.detail.requestConfig;
    if (!event.detail.successful) return;
    if (byItself(asked.elt)) caught(asked.elt);
    else if (undone && (undone.target === asked.target || !document.contains(undone.target))) { undone.told.remove(); undone = null; }
  });
  window.addEventListener("pagehide", function () { leaving = true; });
  window.addEventListener("pageshow", function () { leaving = false; });

  // 页面自己去取的，不算人在办。写成块的 hx-headers，会传给块里的按钮，点了也不算人在办。
  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.elt.hasAttribute("data-refresh")) event.detail.headers["x-by-itself"] = "1";
  });

  // 实时：<body data-live> 听见变化，就让带 data-refresh 的块自己去取；
  // <body data-live="CP21-0125"> 只听这一件，并提示页面已旧，不动正在填的内容。
  function live() {
    var asked = document.body.getAttribute("data-live");
    if (asked === null || !window.EventSource) return;
    var address = asked ? "/live?of=" + encodeURIComponent(asked) + "&seen=" + document.body.getAttribute("data-seen") : "/live";
    var stream = null, waiting = null, again = null, over = false, last = 0, STREAM = {};
    function changed(event) {
      if (asked !== "" && event.data !== asked && event.data !== "*") return;
      if (waiting) return;
      // 第一个变化马上取；一连串的，一秒取一次。
      waiting = setTimeout(function () {
        waiting = null;
        last = Date.now();
        refresh();
        stale = true;
        warn();
      }, Math.max(30, last + 1000 - Date.now()));
    }
    // 浏览器对一台主机一共只有六条连接：看不见的标签页不占着，否则开到第七页，哪一页都打不开。
    function listen() {
      if (document.hidden) return;
      if (stream) stream.close();
      stream = new EventSource(address);
      // 页面给出之后、接通之前，或断线期间的变化：列表一接通就取一次；一件的页面说明自己是第几版，由服务器告诉。
      stream.addEventListener("open", function () { caught(STREAM); refresh(); });
      stream.addEventListener("changed", changed);
      // 断线时浏览器会自己重连；服务器不给了，它不再连，先问清为什么。
      stream.addEventListener("error", function () {
        if (!late.size) fetched = Date.now();
        if (stream.readyState !== 2) behind(STREAM, 6000);
        else ask();
      });
    }
    // 忙、出错、连不上：过一会儿再问。不再给：登录已结束，或这件已不归本单位。
    function ask() {
      var asking = new AbortController();
      clearTimeout(again);
      fetch(address, { signal: asking.signal, cache: "no-store" }).then(function (answer) {
        var given = /^text\/event-stream/.test(answer.headers.get("content-type"));
        asking.abort();
        if (answer.status >= 500 || answer.status === 429) later();
        else if (answer.status === 200 && given) listen();
        else if (!over) { over = true; caught(STREAM); ended(); }
      }, later);
    }
    function later() {
      clearTimeout(again);
      if (!leaving && !document.hidden) again = setTimeout(ask, pause(behind(STREAM, 2000)));
    }
    listen();
    document.addEventListener("visibilitychange", function () {
      if (!document.hidden) { if (!over) ask(); return; }
      if (!late.size) fetched = Date.now();
      clearTimeout(again);
      if (stream) stream.close();
    });
    window.addEventListener("pagehide", function () { if (stream) stream.close(); });
    window.addEventListener("pageshow", function (event) { if (event.persisted) ask(); });  // 按“后退”回来的页面
  }
})();
