"""Words of column names that speak for people, or for a kind of personal data, or against it."""

from __future__ import annotations

import re
from itertools import pairwise


def name_words(column: str) -> frozenset[str]:
    """The words of a name: ``lastName_2`` has ``last`` and ``name``; the whole name and joined words count, too."""
    spaced = re.sub(r"([a-zß-ÿ])([A-Z])", r"\1 \2", column)
    words = [word for word in re.split(r"[\W_\d]+", spaced.casefold()) if word]
    joined = ["".join(pair) for pair in pairwise(words)]
    return frozenset([*words, *joined, column.casefold()])


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EMAIL = _words("email mail mailbox courriel correo")
IBAN = _words("iban account konto compte")
CARD = _words("card pan cc")
NUMBER = _words(
    "ssn sin nino tin itin cpf pesel bsn cpr dni nie nif curp egn hetu oib ahv svnr mrn aadhaar aadhar personnummer "
    "fodselsnummer fødselsnummer henkilotunnus rodnecislo rodnécíslo codicefiscale birthnumber birthno nationalid "
    "nationalnumber nationalno nationalinsurance socialsecurity socialinsurance sozialversicherungsnummer identitycard "
    "identitynumber identityno idcard personalnumber personalno personalid personnumber taxid taxnumber "
    "taxno taxpayerid steuerid steuernummer passport passportno passportnumber reisepass pasaporte passeport "
    "driverlicense driverslicense drivinglicense drivinglicence insurancenumber healthinsurance versichertennummer "
    "iban bban accountno accountnr accountnum accountnumber bankaccount kontonr kontonummer rekeningnummer"
)
IP = _words("ip ipv4 ipv6 host client remote")
PHONE = _words(
    "phone phones phonenumber phoneno telephone tel telefon telefonnummer telephon teléfono telefono telefoon "
    "téléphone mobile mobil mobilnummer móvil movil cell cellphone cellular handy handynummer fax msisdn gsm whatsapp"
)
FIRST = _words("firstname forename givenname middlename vorname prenom prénom imie imię voornaam förnamn fname")
LAST = _words(
    "surname lastname familyname maidenname nachname familienname apellido apellidos cognome sobrenome nazwisko "
    "achternaam efternamn lname"
)
PERSON = FIRST | LAST | _words("fullname nom nombre nombres cardholder patronymic")
USERNAME = _words("username login loginname userlogin nickname nick screenname handle benutzername usuario identifiant")
COMPANY = _words(
    "company companyname employer firm firma unternehmen arbeitgeber organisation organization entreprise société "
    "societe employeur empresa azienda ditta bedrijf företag"
)
JOB = _words(
    "job jobtitle occupation profession position beruf stelle métier metier profesión profesion puesto cargo lavoro "
    "professione beroep functie yrke"
)
CITY = _words(
    "city town locality municipality stadt ort wohnort ville commune ciudad localidad città citta comune plaats"
)
COUNTRY = _words("country nation land pays país pais paese countrycode birthcountry")
ROLES = _words(
    "first last full given family middle maiden customer client patient employee person people contact author owner "
    "holder member guest passenger student teacher manager staff user driver doctor nurse applicant beneficiary "
    "tenant subscriber recipient sender witness spouse father mother child parent buyer seller insured legal real"
)
PEOPLE = ROLES - _words("first last full given family middle maiden legal real") | _words(
    "resident citizen worker player pupil voter donor debtor"
)
THINGS = _words(
    "product company file table column city country airport brand category event school host server domain app project "
    "team department store shop hotel item model game movie film song album book title region state county street bank "
    "organisation organization business vendor supplier manufacturer carrier airline station type class group role log "
    "screen display code short display plan site device process job task species color colour tag field branch channel"
)
ADDRESS = _words(
    "address addr address1 address2 addressline streetaddress street strasse straße anschrift adresse adress rue calle "
    "direccion dirección domicilio indirizzo endereco endereço adres residence"
)
TEXT = _words(
    "comment comments note notes text message description review feedback remark remarks body bio biography summary "
    "narrative complaint diagnosis bemerkung kommentar beschreibung commentaire"
)
NOT_NUMBER = _words("date day month year expiry expires issued valid type status count country place hash")
NOT_TERM = _words("id number no count size type phone email mail url date rate score status")
NOT_ADDRESS = _words("email mail ip mac web url wallet memory host type")
