"""The broad word list that names are drawn from in training: role-free, written for this project.

Any word may name a host, a file, a person's handle or a move, so that a name is read from the
menu and copied, not remembered. Each is one token of the shipped tokenizer (`tokenizer.py`).
"""

from __future__ import annotations

_NOUNS = """
acorn agate alder almond amber anchor angle ant anvil apple apron arbor arch arrow ash aspen aster atlas
attic autumn awning axe axle badge badger bagel bakery ball balm bamboo banjo banner barge bark barley barn
barrel basil basin basket bass bay bead beacon beak bean bear beaver bed bee beech beet beetle bell belt
bench berry birch bird bishop bison blade blanket blaze bloom blossom blue boat bobbin bolt bone bonnet book
boot border bottle boulder bow bowl box bracket branch brass bread breeze brick bridge brine bronze brook
broom brush bucket buckle bud buffalo bugle bulb bull bundle buoy burrow bus bush butter button cabin cable
cactus cake calf camel camera camp canal candle canoe canopy canvas canyon cap cape caramel carbon card cargo
carpet carrot cart cash cask castle cat cave cedar cellar cello chain chair chalk chalice channel chapel
charm chart cheese cherry chess chest chime chimney chip cider cinder circle citrus city clam clay cliff
cloak clock cloth cloud clove clover coal coast coat cobalt cobra cocoa coconut cod coffee coil coin comb
comet compass concert cone copper coral cord cork corn corner cotton cougar course court cove cow coyote
crab cradle crane crate crater crayon cream creek cress crest cricket crocus cross crow crown crumb crust
crystal cube cup curb curtain curve cypress daisy dam dawn deck deer delta den desert desk dew dial diamond
dill dish ditch dock dolphin dome donkey door dough dove dragon drain drake drawer dream drift drum duck
dune dusk dust eagle earth easel echo eclipse eel elbow elder elk elm ember emerald engine ermine estuary
evening falcon fan farm fawn feather fence fennel fern ferry fiddle field fig finch finger fir fire fjord
flag flame flannel flask flax fleet flint flock flood floor flour flower flute foam fog folder forest fork
forge fort fossil fountain fox frame frost fruit fudge funnel fur gable galaxy gale garden garlic garnet
gate gazelle gear geyser ghost giant ginger glacier glade glass globe glove glue goat goblet gold gong goose
gorge grain granite grape grass gravel green grid grove guitar gull gust hail hall hammer hammock hamper
harbor hare harp harvest hat hatch hawk hay hazel heart hearth heath hedge helmet hemlock hen herb hermit
heron herring hill hinge hive holly honey hood hoof hook hoop horizon horn hornet horse hotel house hut
hyena ice icicle inch indigo ink inlet iris iron island ivory ivy jacket jade jaguar jam jar jasmine jasper
jelly jet jewel jigsaw journal juice jungle juniper kale kayak kelp kennel kernel kettle key kiln kite
kitten kiwi knee knife knight knot koala lace ladder ladle lagoon lake lamb lamp lance lane lantern larch
lark lasso latch lava lavender lawn leaf leather ledge leek legend lemon lens leopard lever lichen lilac
lily lime linen lion lizard llama loaf lobby lobster lock locket loft loom lotus lynx lute lyre magnet maple
marble marsh mask mast mat meadow medal melody melon mesa metal meteor mill mimosa minnow mint mirror mist
mitten moat mole monsoon moon moor moose morning mortar mosaic moss moth motor mountain mouse mug mulberry
muffin museum mushroom music mussel mustard myrtle nail napkin narwhal nebula nectar needle nest net nettle
newt night nook noon north nut nutmeg oak oar oasis oat ocean ochre octave olive onion onyx opal opera
orange orbit orchard orchid organ osprey otter oval oven owl oxide oyster paddle pagoda paint palace palm
pan panda panel panther paper papaya parcel park parrot parsley pasture path patio pavilion pea peach peak
peanut pear pearl pebble pelican pen pencil penguin pepper perch petal pewter piano picket pier pigeon
pike pillar pillow pilot pine pinion pipe pixel pizza plain planet plank plate plaza plow plum plume pocket
poem pole polo pond pony poplar poppy porch portal pot potato pottery prairie prawn prism puddle puffin
pulley puma pump pumpkin puppet puzzle quail quarry quartz quay queen quill quilt quince rabbit radar radio
radish raft rail rain rainbow raisin rake ramp ranch raven ravine razor reed reef ribbon rice ridge ring
river road robin rocket rod roof root rope rose rowan ruby rudder rug rust rye saddle saffron sail salad
salmon salt sand sandal sapling sapphire satchel satin saturn scale scarf school scone scroll sea seal
seed shadow shale shark shawl shed sheep shell shelf shield ship shoe shore shovel shrimp shrub shutter
sickle signal silk silo silver siren sketch skate ski sky slate sled sleeve sleet slope smoke snail snake
snow soap sock soda soil solar sonnet sorrel soup south spade spark sparrow sphere spice spider spinach
spindle spiral sponge spoon spring sprout spruce square squash squid stable stair stamp star statue steam
steel stem stone stool storm stork stove straw stream street studio sugar summer summit sun sunset surf
swan sweater swift swing sword syrup table tail tango tape tar tart tassel tavern tea teapot temple tent
terrace thicket thistle thorn thread throne thrush thunder thyme ticket tide tiger tile timber tin toad
toast tomato tongs topaz torch tortoise totem toucan towel tower trail train tree trellis trench trout
trowel truck trumpet trunk tulip tuna tundra tunnel turban turkey turnip turret turtle twig twilight
umbrella urn valley valve van vanilla vase vault velvet verse vessel vest viaduct village vine vinegar viola
violet violin volcano waffle wagon wallet walnut walrus waltz wand wasp water wave wax weasel web wedge well
west whale wharf wheat wheel whistle willow wind window wing winter wire wolf wombat wood wool wren yacht
yak yard yarn yeast yew yogurt zebra zenith zephyr zinc zipper zone
"""

_PLAIN = """
alpha beta gamma sigma omega kappa lambda theta zeta vector matrix tensor scalar prime ratio radius
arcade archive array audit axiom backup batch binary broker cache catalog charter
chronicle cipher cluster codex column console cursor daemon datum debug depot digest docket draft duct
dynamo edition endpoint entry epoch facet factor fiber figure filter font format fuse gadget gallery gauge
gateway glyph graph guild handle harness hub icon image index invoice item joint kiosk label layer ledger
lemma level library limit link list locker lot macro manual margin marker memo menu mesh method metric
minute mode model module monitor note notice number object option outlet packet page parser
patch pattern payload peer permit photo pivot plan plot plug pointer policy pool port poster postal
print probe profile program prompt proof proxy quota queue quorum recipe record region registry relay
report reserve result review roster route router rota routine sample schedule schema scope screen script
sector segment sensor sequel series server session shard sheet shift sign slot snapshot socket
spool stack staff stage station status stencil store strip summary survey switch symbol syntax system
tablet tally target task template terminal test ticker timer title token toolbox topic trace tract transit
tray trial trigger triple tube tuner unit update upload user vendor version viewer visit volume voucher
warrant widget worker zodiac account address advice agenda album annex answer asset barter bill block
board budget bulletin caption census chapter check circuit claim clause client code
comment contract copy council credit crew cycle deal deed delay design detail diary district domain
dossier drive drill drop edge edit estate event exam exit export factory fare feed fetch flow
form forum foundry freight frontier fund garage gazette grant guard guest guide habit
headline heap hearing helper history holder hoist hold import input insert issue jobs jury kit lab
lead lease lecture lesson letter loan look machine mail makers mandate map market match meter
mission mover network newsletter notebook novel office offer order outpost output owner pact paddock
pass paste pause pay phase phone piece place platform post press prize process product project
proposal pull push quest quiz quote rack range rank rate read reader ready receipt referee refund remark
remote rent repair request rescue reset return rider rig rim rinse role roll room rotor round row rule
run saver scan scene scout seat secret send sentry service set settle shop show sight size skill
sluice sort source space speech spot spray spur squad stall start step stock stop story stub study sum
supply swap talk tank team text theme thesis tick tie tool top touch tour toy track trade transfer trap
treaty trip try turn twin type vacation value vat view voice vote wage wait wake wall ward warehouse
wash watch waypoint weight whisper width winch work yield zoom
"""

_ADJECTIVES = """
able acid agile airy ample antique azure bald bare basic bitter black blank bold brave brief bright brisk
broad brown busy calm casual cheap chief civil clean clear clever close coarse cold cool cozy crimson crisp
crude curly damp dark dear deep dense dim direct distant double dry dull eager early east easy elastic
elegant empty equal exact extra faint fair fancy fast fine firm first fixed flat fluent formal
free fresh frugal full gentle giddy glad gloomy golden grand gray great happy hardy heavy hidden high
hollow honest huge humble inner jolly keen kind large late lazy lean light little lively local
lone long loose loud low loyal lucid lucky major mellow mild minor modest moist muted naive narrow native
near neat new nimble noble odd old open outer pale past patient perfect placid polar
polite proud pure quick quiet rapid rare raw rich rigid ripe robust rough royal rural rusty
safe sharp sheer short shy silent simple sleek sleepy slim slow small smooth snug soft solid sour spare
spicy stark steady steep stern stiff still stout strict strong sturdy subtle sunny super sure
sweet tall tame tender thick thin third tidy tight tiny tough true upper urban vague vast vital
vivid warm wary weary white whole wide wild wise witty yellow young zesty
"""

_NAMES = """
Ada Adele Agnes Aino Alba Alma Amal Amir Anders Anil Anja Anke Arjun Arlo Asha Astrid Aya Beata Bela Bianca
Bjorn Boris Bram Bruno Carla Carlos Cecil Chen Chiara Clara Claude Cora Cyrus Dag Dalia Dana Daria David
Dean Delia Dev Diego Dina Dora Edda Edgar Edith Elena Eli Elif Elin Elsa Emil Emma Enzo Erik Erin Esme
Esther Ewa Ezra Fadi Farah Felix Femi Fiona Flora Franz Freya Frida Gabor Gemma George Gina Grace Greta
Gustav Hana Hanna Hans Harriet Hassan Hector Heidi Helen Henry Hilda Hiro Hugo Ian Ida Igor Ilse Imani
Ines Ingrid Ira Irene Isla Ivan Jack Jana Jasmin Javier Jens Jo Joan Johan Jonas Jorge Josef Judith Jules
Julia June Kai Karim Karin Kate Keiko Kenji Kira Klara Klaus Kofi Lars Laura Layla Lea Lena Leo Lidia Lila
Lin Linda Lior Lisa Liv Lotte Louis Lucia Luis Luka Lydia Mabel Mae Magda Maja Malik Mara Marc Marco Maria
Marta Mateo Maud Max Maya Mei Mia Mika Mila Milo Mina Mira Miriam Mona Nadia Naomi Nell Nico Nils Nina Noah
Nora Odette Olaf Olga Omar Oscar Otto Owen Paula Pavel Pedro Petra Pia Priya Quinn Rafael Ravi Rosa Ruben
Ruth Sam Sami Samira Sara Sasha Selma Simon Sofia Sven Tara Tariq Teresa Theo Thomas Tom Tove Uma Ursula
Vera Victor Viktor Wanda Wei Yara Yasmin Yuki Yusuf Zara Zoe
"""
_VERBS = """
add adjust align arrange attach bake balance bend blend borrow brew build burn bury buy carve
catch clean climb collect color connect cook count cover cross cut deliver dig divide draw dry empty
fasten feed fill fix float fold follow gather greet grind hang heat hide join juggle knit lift
light load lower measure melt mend mix pack paint peel pick plant polish pour praise
press pull push raise reach remove rent repeat replace rescue ring rinse rub save scatter seal
sell shake sharpen shut sing sketch skip slice slide smooth sort spin split spread stack steer stir
store stretch sweep swim tame tap taste tease tie tilt touch trace trade train trim tune twist
unload untie visit wake warm wash water weave weigh wind wipe wrap
"""

_PROSE = """
first still sure ready new old open free full long last late early own kind small large great little whole
true safe well try turn wait run look talk read step time way part place path point number work mail message send
copy list move post help use need person file host user role rule task work agent researcher note let light
able clear close like right plain past even just back end level line look order perfect real set show start
stop sum view watch write key press edit report tool query quick lead name pass pay save say see ship
"""
"""Words that texts and menus need often: kept out of the pools, so that they stay one token in prose."""

WORDS: tuple[str, ...] = tuple(sorted(set(f"{_NOUNS} {_PLAIN} {_ADJECTIVES}".split()) - set(_PROSE.split())))
"""Common English words, lower case, single words."""

SUFFIXES: tuple[str, ...] = ("txt", "log", "cfg", "md", "csv", "json", "yaml", "py", "sh", "bin", "db", "tar")
"""What file names end in."""


NAMES: tuple[str, ...] = tuple(sorted(set(_NAMES.split())))
"""First names, capitalised; as role-free as the words."""

VERBS: tuple[str, ...] = tuple(_VERBS.split())
"""Verbs that the descriptions of made-up moves begin with."""
