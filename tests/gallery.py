"""One page that shows every piece of `_ui.html`, served beside the product's own pages: for tests and for eyes.

`python -m granian --interface wsgi --factory tests.gallery:create_app`, then /galerie.
"""

from apiflask import APIFlask
from flask import Blueprint, render_template_string
from flask.typing import ResponseReturnValue

from mobigo.app import factory
from mobigo.infra.auth import public

bp = Blueprint("gallery", __name__)
PAGE = """
{% extends "base.html" %}
{% import "_ui.html" as ui with context %}
{% block title %}Galerie{% endblock %}
{% block main_class %}{% endblock %}
{% block main %}
{{ ui.crumbs([("Réseaux", "/aide"), ("Version 3", "")]) }}
<div class="page-head"><h1>Galerie <small>ce dont les pages sont faites</small></h1>
<a href="/aide">Exporter (CSV)</a></div>
{{ ui.errors_of({"name": "Le nom est vide."}) }}
{% for kind in ("info", "good", "warn", "bad") %}
{% call ui.alert(kind, "Un titre") %}Un texte avec <a href="/aide">un lien</a>.{% endcall %}
{% endfor %}
<p class="row">{{ ui.badge("brouillon") }} {{ ui.badge("en service", "good") }} {{ ui.badge("en retard", "warn") }}
{{ ui.badge("refusé", "bad") }} {{ ui.badge("covoiturage", "accent") }}</p>
{{ ui.empty("Rien encore", "Les imports paraîtront ici.") }}
{% call ui.form(label="Un formulaire") %}
{{ ui.field("name", "Nom", "", hint="Comme sur la carte", error="Le nom est vide.", required=true) }}
{{ ui.field("mail", "Adresse électronique", "a@b.fr", type="email") }}
{{ ui.area("why", "Motif") }}
{{ ui.select("role", "Rôle", [("a", "Voyageur"), ("b", "Contrôleur")], "b") }}
{{ ui.choices("when", "Quand", [("now", "Maintenant"), ("later", "Plus tard")], "now") }}
{{ ui.checkbox("sure", "J’ai compris", hint="Cela ne peut pas être défait.") }}
<p class="actions"><button>Enregistrer</button> <button class="second" name="more">Enregistrer et continuer</button>
<button class="danger" name="drop">Retirer</button></p>
{% endcall %}
{% call ui.table("Paiements du mois", tall=true) %}
<thead><tr><th scope="col" aria-sort="ascending">Jour</th><th scope="col">Objet</th>
<th scope="col" class="figure">Montant</th><th scope="col"><span class="unseen">Actes</span></th></tr></thead>
<tbody>
{% for line in range(30) %}
<tr><th scope="row">{{ line + 1 }} mars</th><td>Trajet de covoiturage Saulieu – Châtillon-sur-Seine</td>
<td class="figure">−1,50 €</td><td class="actions-cell"><a href="/aide">Voir le {{ line + 1 }}</a></td></tr>
{% endfor %}
</tbody>
<tfoot><tr><th scope="row">Total</th><td></td><td class="figure">−45,00 €</td><td></td></tr></tfoot>
{% endcall %}
{{ ui.pager(1, 30, 1234, "", "/aide") }}
{{ ui.progress("travail", "Import de ter.zip : lecture des horaires", 3, 10, running=false, left_s=90) }}
{{ ui.progress("autre", "Compilation", 0, 0, running=false) }}
<div class="bar" aria-hidden="true">
<span class="walk w4">4′</span><span class="wait w6"></span><span class="walk w40">10′</span></div>
<dl class="pairs"><dt>Numéro</dt><dd>127</dd><dt>Exploitant</dt><dd>Les cars du Morvan</dd></dl>
<details class="more"><summary>Le détail</summary><p>Il est là.</p></details>
{% endblock %}
"""


@bp.get("/galerie")
@public
def gallery() -> ResponseReturnValue:
    """Every piece, in each of its states."""
    return render_template_string(PAGE)


def create_app() -> APIFlask:
    """The product, and the gallery."""
    app = factory.create_app()
    app.register_blueprint(bp)
    return app
