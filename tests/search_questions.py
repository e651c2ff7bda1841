"""What people type into the public search, each with a page that must be among the first three answers."""

from typing import Final


def _read(text: str) -> list[tuple[str, str]]:
    lines = (line.rpartition(" → ") for line in text.splitlines())
    return [(asked, wanted) for asked, _arrow, wanted in lines]


def answers(href: str, wanted: str) -> bool:
    """Whether that page is the one wanted; of who is competent where, whatever the commune."""
    return href == wanted or (wanted == "/competences" and href.startswith(wanted))


# What one comes to do, answered without any timetable.
STEPS: Final = _read("""\
perdu mon abonnement → /demandes?sorte=ticketing
j'ai perdu ma carte → /demandes?sorte=ticketing
carte volée → /demandes?sorte=ticketing
duplicata carte → /demandes?sorte=ticketing
car saulieu → /departs?stop=Saulieu
bus Saulieu → /departs?stop=Saulieu
Saulieu → /departs?stop=Saulieu
SAULIEU → /departs?stop=Saulieu
salieu → /departs?stop=Saulieu
arrêt Montbard → /departs?stop=Montbard
gare de Beaune → /departs?stop=Beaune
horaires dijon beaune → /?from=Dijon&to=Beaune
Dijon → Beaune → /?from=Dijon&to=Beaune
car de Dijon à Beaune → /?from=Dijon&to=Beaune
comment aller de Besançon à Dole → /?from=Besan%C3%A7on&to=Dole
trajet chalon-sur-saone macon → /?from=Chalon-sur-Sa%C3%B4ne&to=M%C3%A2con
Saint-Jean-de-Losne → /departs?stop=Saint-Jean-de-Losne
prix carte jeune → /achats
tarifs → /achats
tarif abonnement mensuel → /achats
acheter un billet → /achats
combien coûte un ticket → /achats
abonnement etudiant → /achats
inscription bus scolaire → /scolaire/famille/inscription
inscrire mon fils au car scolaire → /scolaire/famille/inscription
transport scolaire → /scolaire
inscription collège → /scolaire/famille/inscription
carte scolaire perdue → /scolaire/famille
garde alternée → /scolaire/famille
demander un arrêt scolaire → /scolaire/arrets/demander
remboursement retard → /demandes?sorte=delay
mon car n'est pas venu → /demandes?sorte=delay
car supprimé → /demandes?sorte=delay
être remboursé → /demandes?sorte=overcharge
payé deux fois → /demandes?sorte=overcharge
remboursment → /demandes?sorte=overcharge
objet perdu → /demandes?sorte=lost
j'ai oublié mon sac dans le bus → /demandes?sorte=lost
parapluie → /demandes?sorte=lost
fauteuil roulant → /demandes?sorte=accessibility
handicapé → /demandes?sorte=accessibility
réclamation → /demandes
faire une plainte → /demandes
suivre ma demande → /demandes/retrouver
grève → /perturbations
info trafic → /perturbations
travaux → /perturbations
attestation de retard → /suivre/
covoiturage → /covoiturage
prime covoiturage → /covoiturage/mes-aides
combien je gagne en covoiturage → /covoiturage/simulation
transport à la demande → /tad
réserver tad → /tad
amende → /constat
contester un pv → /constat
mot de passe oublié → /mot-de-passe-oublie
créer un compte → /inscription
numéro de téléphone → /aide
horaires guichet → /aide
données ouvertes → /donnees
open data gtfs → /donnees
rgpd effacer mes données → /demandes?sorte=data
vélo → /velos-et-parkings
parking relais → /velos-et-parkings
qui gère les bus à Autun → /competences
fiche horaire → /lignes""")

# Commuters, parents, old people, visitors, as they type: on the demonstration.
IN_FRENCH: Final = _read("""\
car annulé demain → /perturbations
car annule demain matin → /demandes?sorte=delay
mon bus de 7h15 est pas passé ce matin → /demandes?sorte=delay
y a t il des cars dimanche a chateau chinon → /departs?stop=Ch%C3%A2teau-Chinon+(Ville)
ligne 127 → /lignes/cars:127
car 127 → /lignes/cars:127
LR 120 → /lignes/cars:120
horaires ligne 118 samedi → /lignes/cars:118
ligne T03 → /lignes/ter:T03
bus L5 dijon → /lignes/dijon:L5
ter dijon besancon → /lignes/ter:T01
horaire bus autun le creusot → /?from=Autun&to=Le+Creusot
chatillon sur seine dijon → /?from=Ch%C3%A2tillon-sur-Seine&to=Dijon
nuits st georges → /departs?stop=Nuits-Saint-Georges
comment aller a vezelay → /?to=V%C3%A9zelay
gare d'avallon → /departs?stop=Avallon
combien coute un billet dijon beaune → /achats
combien coûte la carte de transport scolaire → /scolaire
combien ca coute le bus → /achats
ma fille a perdu sa carte de bus → /scolaire/famille
j ai perdu mon telephone avec mon billet dessus → /guides/voyageur#garder-son-billet-dans-un-telephone-en-changer
remboursement billet non utilisé → /guides/voyageur#rendre-un-billet-arreter-un-abonnement
me faire rembourser mon abonnement → /guides/voyageur#rendre-un-billet-arreter-un-abonnement
je suis en fauteuil roulant puis je prendre le car → /demandes?sorte=accessibility
personne agée aide pour monter dans le bus → /demandes?sorte=accessibility
poussette dans le bus → /guides/voyageur#a-velo-en-voiture-a-pied-jusqu-a-l-arret
vélo dans le train → /guides/voyageur#a-velo-en-voiture-a-pied-jusqu-a-l-arret
mettre mon velo dans le car → /velos-et-parkings
garer ma voiture a la gare → /velos-et-parkings
parking complet → /guides/voyageur#laisser-sa-voiture-a-un-parking
parler à quelqu'un → /aide
je n'ai pas internet → /aide
payer en espèces → /aide
acheter sans carte bancaire → /achats
abonement mensuel etudiant → /achats
reduction jeune moins de 26 ans → /achats
tarif senior → /achats
renouveler mon abonnement → /achats
inscription car scolaire 2026 → /scolaire/famille/inscription
mon fils change de college → /scolaire/famille
demenagement transport scolaire → /scolaire/famille
garde partagée bus scolaire → /scolaire/famille
les parents sont separés, l'autre parent veut voir le dossier → /guides/famille#l-autre-parent-garde-alternee
a quelle heure passe le car scolaire → /scolaire/famille
contester refus transport scolaire → /guides/famille#contester-un-refus-carte-perdue
attestation employeur abonnement → /guides/voyageur#rendre-un-billet-arreter-un-abonnement
justificatif de retard pour mon patron → /suivre/
covoitrage dijon → /covoiturage/lignes/ancy-dijon
combien touche un conducteur covoiturage → /covoiturage/mes-aides
changer mon rib → /covoiturage/mes-aides
le conducteur n'est pas venu, je suis bloqué → /demandes?sorte=delay
plus de bus pour rentrer taxi garanti → /guides/voyageur#si-personne-ne-vient-si-quelque-chose-se-passe-mal
bus a la demande saulieu → /tad/saulieu
taxi rural → /tad
annuler reservation tad → /guides/voyageur#transport-a-la-demande
contravention dans le train → /constat
le chauffeur a ete desagreable → /demandes
travaux gare de dijon → /perturbations
correspondance ratée → /demandes?sorte=delay
où est mon billet → /guides/voyageur#mon-billet
billet pas imprimé plus de batterie → /guides/voyageur#mon-billet
SMS prochain bus → /guides/voyageur#par-sms
être prévenu si mon car est supprimé → /guides/voyageur#etre-prevenu-d-un-retard-ou-d-une-suppression
car après minuit samedi → /guides/voyageur#apres-minuit
supprimer mon compte → /compte/effacer
neige → /perturbations
mon enfant a oublié son cartable dans le car → /demandes?sorte=lost
hiver neige car scolaire → /perturbations""")
IN_ENGLISH: Final = _read("""\
lost phone on bus → /demandes?sorte=lost
how much is a ticket → /achats
bus to Beaune → /departs?stop=Beaune
train from Dijon to Besancon → /?from=Dijon&to=Besan%C3%A7on
wheelchair access → /demandes?sorte=accessibility
bike on train → /guides/voyageur#a-velo-en-voiture-a-pied-jusqu-a-l-arret
my bus was cancelled → /demandes?sorte=delay
student discount → /achats
speak to someone → /aide
delete my account → /compte/effacer
refund unused ticket → /guides/voyageur#rendre-un-billet-arreter-un-abonnement
nobody came to pick me up → /guides/voyageur#si-personne-ne-vient-si-quelque-chose-se-passe-mal
shared custody school bus → /guides/famille#l-autre-parent-garde-alternee
how do drivers get paid → /guides/conducteur#etre-paye
timetable line 127 → /lignes/cars:127""")
