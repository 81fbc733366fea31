/* Passkeys, where the browser has them; without this file a password and a code do. A form with
   data-passkey ("get" or "create") fetches a challenge, asks the browser for a passkey and sends
   its answer. */
(function () {
  "use strict";
  var Passkey = window.PublicKeyCredential;
  var hasPasskeys = Passkey && Passkey.parseRequestOptionsFromJSON && Passkey.parseCreationOptionsFromJSON;

  document.querySelectorAll("[data-no-passkeys]").forEach(function (words) { words.hidden = !!hasPasskeys; });
  if (!hasPasskeys) return;

  function askBrowser(form, options) {
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: Passkey.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: Passkey.parseRequestOptionsFromJSON(options) });
  }

  function fetchOptions(form) {
    var fields = form.elements.token ? { token: form.elements.token.value } : {};
    return fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(fields) }).then(function (answer) {
      if (!answer.ok) throw answer;
      return answer.json();
    });
  }

  function use(form) {
    var error = form.querySelector("[role=alert]");
    var button = form.querySelector("[type=submit]");
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      button.disabled = true;
      error.hidden = true;
      fetchOptions(form).then(function (options) {
        return askBrowser(form, options);
      }).then(function (passkey) {
        form.elements.answer.value = JSON.stringify(passkey.toJSON());
        document.querySelectorAll("#waiting input[type=hidden]").forEach(function (input) {
          if (input.name !== "token") form.append(input.cloneNode());
        });
        form.submit();
      }).catch(function () {
        button.disabled = false;
        error.hidden = false;
        error.textContent = form.dataset.failed;
        button.focus();
      });
    });
  }

  document.querySelectorAll("form[data-passkey]").forEach(use);
})();
