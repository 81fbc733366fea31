/* Keys of the phone or computer, where the browser has them. Without this file, or where it has none,
   the password and a code do. A form with data-llave asks us for a challenge, the browser for a key,
   and sends what the key answers. */
(function () {
  "use strict";
  var d = document, Llave = window.PublicKeyCredential;
  var puede = Llave && Llave.parseRequestOptionsFromJSON && Llave.parseCreationOptionsFromJSON;
  d.querySelectorAll("[data-imprimir]").forEach(function (b) {
    b.hidden = false;
    b.addEventListener("click", function () { window.print(); });
  });
  d.querySelectorAll("[data-sin-llaves]").forEach(function (p) { p.hidden = !!puede; });
  if (!puede) return;
  function respuesta(f, opciones) {
    return f.dataset.llave === "crear"
      ? navigator.credentials.create({ publicKey: Llave.parseCreationOptionsFromJSON(opciones) })
      : navigator.credentials.get({ publicKey: Llave.parseRequestOptionsFromJSON(opciones) });
  }
  d.querySelectorAll("form[data-llave]").forEach(function (f) {
    var aviso = f.querySelector("[role=alert]"), boton = f.querySelector("[type=submit]");
    f.hidden = false;
    f.addEventListener("submit", function (e) {
      e.preventDefault();
      boton.disabled = true;
      aviso.hidden = true;
      var token = f.elements.token ? { token: f.elements.token.value } : {};
      fetch(f.dataset.reto, { method: "POST", body: new URLSearchParams(token) }).then(function (r) {
        if (!r.ok) throw r;
        return r.json();
      }).then(function (opciones) { return respuesta(f, opciones); }).then(function (llave) {
        f.elements.answer.value = JSON.stringify(llave.toJSON());
        d.querySelectorAll("#espera input[type=hidden]").forEach(function (i) {
          if (i.name !== "token") f.append(i.cloneNode());
        });
        f.submit();
      }).catch(function () {
        boton.disabled = false;
        aviso.hidden = false;
        aviso.textContent = f.dataset.falla;
        boton.focus();
      });
    });
  });
})();
