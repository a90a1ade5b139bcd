/* 指标页的图；同样的数字在旁边的表里。提示框画在画布上，不写样式。 */
(function () {
  "use strict";
  var NARROW = 560;
  var COLOURS = ["#1b4f8f", "#c46a12", "#1d6339", "#8a3a7d", "#5b6b7a"];
  document.addEventListener("DOMContentLoaded", function () {
    var source = document.getElementById("figures-data");
    if (!source || !window.echarts) return;
    var data = JSON.parse(source.textContent), charts = [];
    var large = document.documentElement.classList.contains("large") ? 16 : 12;

    var tooltip = { trigger: "axis", renderMode: "richText", confine: true, textStyle: { fontSize: large } };
    function base(extra) {
      var option = {
        color: COLOURS, animation: false,
        textStyle: { fontFamily: "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif", fontSize: large },
        tooltip: tooltip,
        legend: { top: 0, textStyle: { fontSize: large } },
        grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true }
      };
      Object.keys(extra).forEach(function (name) { option[name] = extra[name]; });
      return option;
    }
    // 名称太长会把图挤没，窄屏上尤其：截短，全名在提示框（画布上不会自己折行）和旁边的表里。
    function names(place) {
      var wide = place.clientWidth;
      return { width: Math.round(wide * (wide < NARROW ? 0.34 : 0.45)), overflow: "truncate", ellipsis: "…" };
    }
    function whole(place) {
      if (place.clientWidth >= NARROW) return tooltip;
      var line = new RegExp("(.{" + Math.floor((place.clientWidth - 60) / large) + "})(?=.)", "g");
      function formatter(list) {
        return [list[0].name.replace(line, "$1\n")].concat(list.map(function (one) {
          return one.seriesName + "  " + (one.value === null || one.value === undefined ? "–" : one.value);
        })).join("\n");
      }
      return Object.assign({ formatter: formatter }, tooltip);
    }
    function months() { return { type: "category", data: data.columns }; }
    function bars(list, more) {
      return list.map(function (one) {
        var series = { type: "bar", name: one.name, data: one.values, barMaxWidth: 26 };
        Object.keys(more || {}).forEach(function (name) { series[name] = more[name]; });
        return series;
      });
    }
    var percent = { type: "value", min: 0, max: 100, axisLabel: { formatter: "{value}%" } };
    var options = {
      volume: function () {
        return base({
          xAxis: months(),
          yAxis: [{ type: "value", name: "评价" }, { type: "value", name: "差评", minInterval: 1, splitLine: { show: false } }],
          series: [
            { type: "bar", name: "评价", data: data.ratings, barMaxWidth: 36 },
            { type: "line", name: "差评", yAxisIndex: 1, data: data.bad, symbolSize: 8 },
            { type: "line", name: "有效差评", yAxisIndex: 1, data: data.valid, symbolSize: 8, lineStyle: { type: "dashed" } }
          ]
        });
      },
      monthly: function () {
        return base({ xAxis: months(), yAxis: percent, series: bars(data.compared) });
      },
      units: function (place) {
        return base({
          tooltip: whole(place), xAxis: percent, yAxis: { type: "category", inverse: true, data: data.units, axisLabel: names(place) },
          series: bars(data.unit_rates, { barMaxWidth: 12 })
        });
      },
      stages: function () {
        return base({ xAxis: months(), yAxis: { type: "value", name: "工作小时" }, series: bars(data.stages) });
      },
      windows: function (place) {
        return base({
          tooltip: whole(place), legend: { show: false }, xAxis: { type: "value", minInterval: 1 },
          yAxis: { type: "category", inverse: true, data: data.spots.map(function (one) { return one[0]; }), axisLabel: names(place) },
          series: [{ type: "bar", name: "误操作", barMaxWidth: 16, data: data.spots.map(function (one) { return one[1]; }) }]
        });
      }
    };
    var empty = { volume: !data.ratings.some(Boolean), units: !data.units.length, windows: !data.spots.length };
    document.querySelectorAll("[data-chart]").forEach(function (place) {
      var name = place.getAttribute("data-chart");
      if (empty[name]) { place.classList.add("chart-none"); return; }
      if (name === "units") place.style.height = Math.max(260, 60 + 34 * data.units.length) + "px";
      var chart = window.echarts.init(place);
      chart.setOption(options[name](place));
      charts.push({ chart: chart, place: place, named: name === "units" || name === "windows" });
    });
    // ECharts 自己的 resize，不是浏览器的。
    function fit() {
      charts.forEach(function (one) {
        if (one.named) one.chart.setOption({ yAxis: { axisLabel: names(one.place) } });
        one.chart["resize"]();
      });
    }
    window.addEventListener("resize", fit);
    window.addEventListener("beforeprint", fit);
  });
})();
