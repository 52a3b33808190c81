/* What htmx does not do: keep focus and open details where they were, and say when no answer came. */
"use strict";

(function () {
  let section = "";
  let opened = [];
  let focused = "";

  function work() {
    return document.getElementById("work");
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    const place = event.target.closest("section[id]");
    section = place ? place.id : "";
    const cards = document.getElementById("cards");
    if (event.detail.requestConfig.verb === "post" && cards) {
      cards.setAttribute("aria-busy", "true");
    }
  });

  document.addEventListener("htmx:beforeSwap", function () {
    opened = Array.from(work() ? work().querySelectorAll("details[open][id]") : [], function (item) {
      return item.id;
    });
    focused = document.activeElement ? document.activeElement.id : "";
  });

  document.addEventListener("htmx:afterSwap", function () {
    opened.forEach(function (id) {
      const item = document.getElementById(id);
      if (item && !id.startsWith("card-")) {
        item.open = true;
      }
    });
  });

  function lost() {
    return !document.activeElement || document.activeElement === document.body;
  }

  // The button that was pressed may be gone: then focus goes to the heading of its section, not to the top.
  document.addEventListener("htmx:afterSettle", function () {
    const same = lost() && focused && document.getElementById(focused);
    if (same) {
      same.focus();
    }
    const heading = lost() && section && document.querySelector("#" + section + " [tabindex='-1']");
    if (heading) {
      heading.focus();
    }
  });

  function unanswered(event) {
    const cards = document.getElementById("cards");
    const verb = event.detail.requestConfig ? event.detail.requestConfig.verb : "";
    const text = "No answer came from this page's server. " +
      (verb === "post" ? "The cards shown are out of date." : "Try again.");
    document.getElementById("said").textContent = text;
    if (verb === "post" && cards) {
      const note = document.createElement("p");
      note.className = "problem";
      note.textContent = text;
      cards.removeAttribute("aria-busy");
      cards.classList.add("stale");
      cards.prepend(note);
    }
  }

  document.addEventListener("htmx:sendError", unanswered);
  document.addEventListener("htmx:timeout", unanswered);
})();
