"""Words that tell names, streets and organisations, in several languages."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Common first names; those that are also places, months or plain words (Georgia, April, Rose) are left out.
FIRST_NAMES = _words(
    """
    james robert john michael david william richard joseph thomas charles christopher daniel matthew anthony mark donald
    steven paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas
    eric jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick frank raymond jack dennis
    jerry tyler aaron jose adam nathan henry douglas zachary peter kyle walter ethan jeremy harold keith christian roger
    noah gerald carl terry sean arthur lawrence jesse dylan bryan joe jordan billy bruce albert willie gabriel logan
    alan juan wayne roy ralph randy eugene vincent russell elijah louis bobby philip johnny liam oliver lucas mason
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley
    kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia kathleen
    amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel carolyn janet
    catherine maria heather diane ruth julie olivia joyce kelly christina lauren joan evelyn judith megan cheryl andrea
    hannah martha jacqueline frances gloria ann teresa kathryn sara janice jean alice julia judy sophia denise amber
    doris marilyn danielle beverly isabella theresa diana natalie brittany marie kayla alexis lori tiffany crystal tina
    chloe mia ava tracy wendy monica erin leslie sheila alicia holly kristen melanie kristin erica tara jamie brenda
    vanessa veronica tammy cassandra courtney katie april dawn misty dana jill erika kristina valerie katelyn victor
    hans peter klaus wolfgang jürgen jurgen dieter manfred uwe günter gunter horst bernd helmut werner frank gerhard
    rainer stefan andreas matthias markus thorsten torsten karsten sebastian tobias florian jan lukas leon felix jonas
    maximilian paul tim niklas finn ben elias heinz karl otto fritz rolf ralf jörg jorg holger dirk volker sven kai lars
    ursula monika petra elke sabine renate helga karin brigitte ingrid erika andrea gisela susanne claudia birgit
    heike christa elisabeth gabriele angelika barbara katrin kathrin anja silke anke ute nadine stefanie sandra nicole
    lena lea leonie johanna katharina franziska hannelore ilse gerda hildegard marlene frieda greta clara klara
    jean pierre michel andré andre philippe rené rene louis alain jacques bernard marcel daniel roger robert paul claude
    christian henri georges nicolas françois francois laurent frédéric frederic éric stéphane stephane pascal thierry
    olivier guillaume julien antoine sébastien mathieu alexandre maxime hugo théo theo gilles yves xavier benoît benoit
    marie jeanne françoise francoise monique catherine nathalie isabelle jacqueline anne sylvie martine madeleine
    nicole suzanne hélène helene christine louise denise valérie sophie sandrine céline celine chloé camille léa manon
    élise elise margaux aurélie aurelie agnès agnes brigitte véronique veronique odette simone noémi thérèse margot
    antonio manuel francisco javier carlos jesús jesus josé miguel alejandro rafael pedro ángel angel fernando luis
    pablo sergio jorge alberto álvaro diego adrián raúl enrique ramón ramon vicente andrés joaquín carmen josefa isabel
    dolores pilar teresa ana francisca cristina antonia mercedes lucía lucia rosario beatriz rocío silvia montserrat
    giuseppe giovanni mario luigi roberto francesco marco andrea stefano paolo matteo lorenzo alessandro davide simone
    luca riccardo giulia francesca chiara federica valentina alessia martina elisa giorgia paola giovanna rosa
    joão joao antónio paulo lucas gabriel mateus rodrigo bruno felipe thiago gustavo mariana juliana fernanda camila
    piotr krzysztof andrzej tomasz jan paweł pawel michał marcin jakub adam grzegorz agnieszka katarzyna małgorzata
    ewa joanna magdalena monika zofia jerzy tadeusz stanisław willem pieter henk kees johannes cornelis anneke
    lars erik anders johan per nils karl mikael björn bjorn ingrid birgitta karin elin astrid sven olof ole kari
    aleksandr alexei alexey sergei sergey dmitri dmitry vladimir ivan mikhail nikolai andrei olga tatiana natalia
    irina svetlana elena ekaterina anastasia yuri boris igor oleg maxim александр сергей алексей дмитрий андрей иван
    михаил николай владимир елена ольга наталья ирина анна мария светлана татьяна екатерина
    mohammed muhammad mohamed mohammad ahmed ahmad ali hassan hussein omar ibrahim yusuf mustafa mehmet fatma fatima
    aisha ayşe ayse zeynep khadija maryam leila samir karim tariq rashid khalid abdullah emre murat hakan elif
    raj rahul amit sanjay vijay rajesh suresh ravi anil sunil deepak priya anita sunita pooja neha kavita lakshmi arjun
    rohan aditya vikram arun krishna wei li ming jing hui yan hiroshi takashi kenji akira yuki haruto yuto naoki
    satoshi taro hanako yoko keiko sakura aoi minjun jiwoo seoyeon kofi kwame amara chinedu oluwaseun ngozi thabo
    ethel edith gladys mildred florence lillian irene clarence ernest alfred fred stanley leonard harry howard norman
    theodore lewis earl clyde glenn craig shane derek corey brett travis cody chad dustin marcus casey adrian
    colin graham nigel trevor ian stuart simon martin neil alistair callum declan conor aoife siobhan niamh fiona
    gemma hayley kirsty claire zoe lucy ellie poppy freya imogen harriet jodie kerry lynn lynne marion maureen pauline
    sheila yvonne hilary gillian geoffrey clive barry derek duncan elliot gareth howard hugh leigh abigail allison
    alyssa angel brooke caitlin caleb carla carlos chelsea christy cole connie desiree devin elaine faith gina
    hector jasmine javier jeremiah joanne joel kaitlyn kathy kelsey kendra kristine krystal leah luke mackenzie
    maria mariah marissa mckenzie meghan miranda molly morgan paige phillip robin sabrina selena shannon shawn
    sherry sierra spencer stacey stacy summer suzanne tanya tonya toni tricia troy wesley yolanda
    """
) - _words("april angel florence jordan faith summer dawn crystal misty amber holly sierra mercedes chelsea")

# Words that mark an organisation or a place, which is no person.
ORGANISATION_WORDS = _words(
    """
    inc llc ltd limited gmbh ag corp corporation co company plc sa sarl bv nv oy ab kg group holdings holding airlines
    airline airways air lines airport intl international regional municipal field county university college school bank
    institute hospital hotel restaurant church museum store shop market center centre station park beach island lake
    city town state department ministry association foundation society club services service systems solutions
    technologies technology software industries industrie aircraft partners studio studios records press media trust
    edition series pro max mini set pack kit case cover cable shirt shoes
    """
)

# Words that stand alone for a street.
STREET_WORDS = _words(
    """
    street st avenue ave av road rd boulevard blvd lane ln drive dr court ct way place pl square sq terrace terr highway
    hwy parkway pkwy circle cir crescent close trail alley row mews walk pike turnpike loop expressway freeway plaza
    straße strasse str weg platz allee gasse ring damm ufer chaussee steig promenade hof
    rue chemin impasse allée quai passage route ruelle sentier faubourg cours
    calle avenida avda plaza paseo camino carrera callejón carretera ronda via viale piazza corso vicolo largo strada
    rua travessa praça praca alameda estrada rodovia straat laan plein gracht kade dreef singel
    pasaje glorieta rambla cuesta urbanización urbanizacion borgo contrada avenue cl cra
    ulica ul aleja aleje al plac os osiedle gatan gata vägen vej vei gade katu tie utca út tér sokak cadde
    caddesi mahallesi улица ул переулок проспект пр бульвар бул шоссе набережная площадь наб ш пер алл marg nagar
    """
)
# Words that are a street where a house number stands in front, as in the United States.
STREETS_AFTER_NUMBERS = _words(
    """
    branch bridge brook burg bypass camp canyon cape causeway center cliff club common corner corners course cove creek
    crest crossing crossroad curve dale dam divide estate estates extension fall falls ferry field fields flat flats
    ford forest forge fork forks fort garden gardens gateway glen glens green greens grove groves harbor harbors haven
    heights hill hills hollow inlet island isle junction junctions key keys knoll knolls lake lakes land landing light
    lights loaf lock locks lodge mall manor manors meadow meadows mill mills mission motorway mount mountain mountains
    neck orchard oval overpass park parks parkways pass path pine pines plain plains point points port ports prairie
    radial ramp ranch rapid rapids rest ridge ridges river roads route run shoal shoals shore shores skyway spring
    springs spur spurs squares station stream streets summit throughway trace track trafficway tunnel underpass
    union unions valley valleys viaduct view views village villages ville vista walks wall ways well wells
    """
)
# Ends of words that are a street by themselves.
STREET_ENDINGS = (
    *("straße", "strasse", "allee", "gasse", "platz", "damm", "ufer", "chaussee", "straat", "laan", "plein"),
    *("gracht", "kade", "gatan", "vägen", "gade", "katu", "utca", "stien", "veien", "steig", "weg", "ring", "str"),
)

# Words for somebody who works, and ends of such words.
JOB_WORDS = _words(
    """
    assistant clerk agent analyst specialist representative technician nurse chef consultant accountant associate head
    chief president executive intern trainee attendant cashier pilot guard judge coach lead vp ceo cto cfo coo
    scientist therapist secretary architect surgeon physician dentist chemist biologist pharmacist economist
    """
)
JOB_ENDINGS = (
    *("manager", "engineer", "developer", "designer", "teacher", "officer", "driver", "worker", "director", "doctor"),
    *("ingenieur", "entwickler", "leiter", "berater", "ingénieur", "ingeniero", "directeur", "technicien", "editor"),
    *("administrator", "supervisor", "operator", "coordinator", "instructor", "inspector", "professor", "programmer"),
    *("consultor", "planner", "trader", "writer", "buyer", "lawyer", "broker", "lecturer", "researcher", "cleaner"),
)
