"""The embedded teacher's synonym tables: data only, read by `wording`.

An entry is `word: alternative, alternative` and ends at a semicolon. A verb may limit the
forms it covers: `word/dg`, from b (base), s (third person), d (past and participle), g (-ing).
Alternatives of more than one word inflect their first word. FIXED entries match as they stand.
"""

VERBS = """
expect/sdg: anticipate; resume: restart; elect: choose; jail/dg: imprison; hate: detest;
enter/sg: go into; sink/g: founder; resemble: look like; agree/sdg: consent; cost: cost;
call: call; help: help; return: return; fire: fire; release: release; rise: rise;
display: display; plan: plan; house: house; deal: deal; fear: fear; say: state, note, report;
tell: inform; find: discover, come upon; show: indicate, reveal; die/bsd: pass away;
arrest/dg: detain; begin: start, commence; start/sdg: commence, launch; face/sg: confront;
include/bsd: feature, take in; think/bs: believe; believe/bs: think, consider;
allow: permit, enable; attack/dg: assault; send: dispatch; fight: battle;
stop/bsg: halt, bring to an end; post/dg: share, publish; remain/bd: stay;
claim: contend, allege, assert; launch: start, initiate; deny: reject, dispute;
seek/bdg: look for, pursue; discuss: talk about, go over; affect: influence, touch;
require: demand, call for; detain: arrest, hold; disappear: vanish; determine: establish;
apologize: say sorry; create: produce, build, form; try/sdg: attempt; visit/dg: tour;
attend: join; celebrate: mark; consider/bsg: weigh, contemplate; injure: wound, hurt;
warn: caution; ban/dg: prohibit, outlaw, bar; struggle/dg: battle; order/dg: direct, command;
resign: step down, quit; inspire: motivate, prompt; respond: reply, react;
investigate: probe, look into, examine; defend: stand by; criticize: fault, denounce;
condemn: denounce, deplore; praise: commend, applaud; seize: capture, grab;
announce: declare, make known, unveil; reveal: disclose, make known; confirm: verify;
admit: acknowledge, concede; refuse: decline; reject: turn down, dismiss;
offer/sdg: provide, supply; provide: supply, furnish, offer; receive: obtain, collect;
build: construct, erect; buy: purchase, acquire; destroy: demolish, wreck, ruin; damage: harm;
cause/sdg: trigger, lead to, bring about; carry/g: transport, bear; travel/dg: journey;
arrive: turn up; flee: escape, run from; escape/dg: flee; support: back; oppose: resist;
protect: shield, safeguard; prevent: avert, block; avoid: steer clear of; save/dg: rescue;
rescue/dg: save; promise: pledge, vow; vow: pledge, promise; urge: press, call on;
demand/dg: insist on, call for; reduce: cut, lower, decrease; improve: enhance, better;
decide: resolve, settle; change: alter, modify; choose: select, pick; complete/dg: finish;
end/dg: conclude; suggest: propose, indicate; propose: suggest, put forward;
argue: contend, assert, reason; explain: set out, make plain; describe: depict, portray;
insist: maintain, stress; write: pen; watch/dg: view; speak: talk; teach: instruct;
understand: grasp; enjoy: relish, savor; crash/dg: smash; capture/dg: seize; undergo: go through;
beat/s: defeat, overcome; defeat: beat, best, topple; score/dg: notch; appoint: name;
identify: name, pick out; issue/dg: put out, release; file/dg: lodge, submit;
testify: give evidence, take the stand; study/dg: examine; bury: lay to rest;
conduct/sdg: carry out, perform; focus: center, concentrate; highlight: underline, stress;
compete: vie; win/s: secure; earn: make, gain; encourage: urge; contain: hold, include;
happen: occur, take place; occur: happen; survive: live through; cancel: call off, scrap;
postpone: delay, put off; delay: hold up; approve: back, sign off on;
strengthen: bolster, reinforce; examine: inspect, scrutinize; monitor: track, follow;
search/dg: hunt; discover: uncover, find; uncover: unearth, expose; collect: gather;
gather: assemble; hire: recruit, take on; marry: wed; explode: detonate, go off;
ignore: disregard, overlook; ensure: make sure, guarantee; achieve: attain, reach;
adopt: embrace, take up; introduce: bring in, launch; expand: widen, extend;
develop: create, build up; prepare/bsg: get ready, gear up; represent: stand for;
demonstrate: illustrate, show; obtain: get, acquire; tackle: address, confront; steal: take;
handle: deal with, manage; feature/sdg: include, showcase; hope/sdg: wish, aim; threaten: menace;
recommend: advise; reopen: open again; replace: take over from, succeed; shut: close;
hurt: injure; kidnap: abduct; abduct: kidnap; assist: help; attract: draw, pull in;
gain: win, pick up; spot/dg: notice, sight; accept: welcome, agree to; acquire: buy, obtain;
finish: complete, end; request: ask for; emerge/sdg: surface, come to light;
publish: release, bring out; spark: trigger, set off; blame/dg: fault; honor: pay tribute to;
remember: recall; repair: fix, mend; suffer/sdg: endure;
kill/s: claim the lives of, take the lives of; mention/dg: cite; leave/g: depart;
see/b: observe, witness; grow/g: rise, mount; use/sdg: employ, rely on; appear/sd: seem;
close/dg: shut down;
"""

NOUNS = """
delay: holdup; sea: ocean; notice: announcement; difference: gap; baby: infant;
firefighter: fire crew member; couple: pair; repayment: refund; warehouse: depot; cause: source;
limit: cap; racism: racial bias; loss: setback; student: pupil, learner;
teacher: educator, instructor; hospital: medical center; group: organization; leader: head, chief;
plane: aircraft, jet; murder: homicide; killing: slaying; slaying: killing;
government: administration; crash: accident, wreck; film: movie, picture; movie: film, picture;
election: ballot, vote; case: matter, affair; team: squad, side; deal: agreement, accord, pact;
report: account; shooting: gun attack; company: firm, business; speech: address;
tournament: competition, contest; campaign: drive, push; photo: picture, image; image: picture;
comment: remark; assault: attack; attack: assault, raid; job: post, position;
battle: fight, struggle; episode: installment; ship: vessel; boat: vessel, craft; car: vehicle;
country: nation; show: production, performance; nation: country; decision: choice, determination;
email: message; issue: matter, question; story: tale, account; bombing: bomb attack;
blast: explosion; explosion: blast; trial: court case; law: statute;
investigation: inquiry, probe; inquiry: probe, investigation; game: contest, match;
sign: indication; worker: employee, staff member; letter: note; role: part;
fan: supporter, follower; controversy: dispute, row; search: hunt;
relationship: bond, partnership; cost: expense, price; area: district, zone;
tourist: visitor, holidaymaker; question: query; spokesman: representative;
spokeswoman: representative; evidence: proof; abuse: mistreatment; problem: difficulty, trouble;
study: analysis, paper; newspaper: daily; risk: danger, hazard; danger: risk, peril;
win: victory, triumph; policy: approach; response: reaction, reply; voter: elector;
helicopter: chopper; town: community; diplomat: envoy; ambassador: envoy;
event: occasion, gathering; threat: menace, danger; incident: occurrence, event;
violence: bloodshed, unrest; region: area, zone; trip: journey, visit; journey: trip, voyage;
expert: specialist, authority; protest: demonstration, rally; protester: demonstrator;
surgery: surgical treatment; airline: carrier; rebel: insurgent; militant: fighter;
lawsuit: legal action; agency: body; jail: prison; prison: jail; border: frontier;
allegation: accusation, claim; claim: allegation, assertion; document: file, record;
phone: telephone; friend: companion; crime: offense; swap: exchange; lawyer: attorney;
attorney: lawyer; gun: firearm, weapon; weapon: firearm; treatment: care; professor: academic;
symptom: warning sign; view: opinion; message: note; host: presenter; ban: prohibition;
store: shop, outlet; shop: store, outlet; customer: client, shopper; behavior: conduct;
effort: attempt, bid; attempt: bid, effort; citizen: national; resident: inhabitant;
interview: conversation; bomb: explosive device; rule: regulation; actor: performer;
driver: motorist; attacker: assailant; gunman: shooter; victim: casualty; song: track, tune;
owner: proprietor; founder: creator; critic: detractor, opponent; poll: survey; survey: poll;
statue: sculpture; analyst: commentator; researcher: scientist; scientist: researcher;
doctor: physician, medic; mistake: error; lawmaker: legislator; discovery: finding; fire: blaze;
damage: harm, destruction; home: house; house: home, property; road: route; price: cost;
amount: sum; salary: wage; employee: worker, staff member; boss: manager; coach: trainer;
singer: vocalist; match: game, contest; championship: title; conflict: fighting;
clash: confrontation; ceasefire: truce; truce: ceasefire; passenger: traveler; vessel: ship;
accident: mishap, crash; disaster: catastrophe, calamity; earthquake: quake, tremor;
rain: rainfall; plan: proposal, scheme; proposal: plan, idea; idea: notion, concept;
project: scheme, venture; purpose: aim; change: shift; trend: pattern;
chance: opportunity, prospect; opportunity: chance; concern: worry; fear: worry, concern;
worry: concern; debate: discussion; dispute: disagreement, row; scandal: affair;
ceremony: formal event; celebration: festivity; visit: trip, stay; visitor: guest; crowd: throng;
relative: family member; teenager: teen, adolescent; teen: teenager, youth; athlete: competitor;
support: backing; arrest: detention; defeat: loss; victory: win, triumph;
execution: putting to death; failure: collapse; hotel: inn; official: representative;
statement: declaration; outbreak: flare-up; success: triumph; result: outcome;
promise: pledge, vow; request: appeal; offer: proposal; restaurant: eatery; budget: spending plan;
bridge: crossing; street: road; building: structure; volunteer: helper; machine: device;
device: gadget; engineer: technician; author: writer; writer: author; novel: book;
artist: creator; collection: set; exhibition: display; farmer: grower; council: authority;
meeting: session, gathering; method: technique; technique: method; test: trial; vehicle: car;
competition: contest; rival: opponent; opponent: rival; trophy: prize; award: prize, honor;
prize: award; vote: ballot; mission: assignment, task; task: assignment; district: area;
neighborhood: district; forest: woodland; charge: count; video: clip, recording;
book: volume, title; suspect: alleged culprit; start: beginning, opening; rise: increase;
training: instruction; education: schooling; choice: option; apartment: flat; control: command;
action: measure; condition: circumstance; tie: link; level: degree; release: launch;
display: exhibit; call: appeal; help: assistance; use: usage; return: comeback; thief: burglar;
celebrity: star; musician: performer; gust: blast; flood: deluge; bank: lender; pitch: field;
orchard: grove; refund: repayment; landslide: mudslide; diver: underwater explorer;
merger: tie-up; strike: walkout; queue: line; spectator: onlooker; household: family;
cellar: basement; island: isle; reward: bounty; turnout: participation; nurse: carer; ward: unit;
machinery: equipment; village: hamlet; valley: vale; term: period; speed: pace;
"""

FIXED = """
at home: at home; go home: go home; went home: went home; home to: home to; at top: at top;
come upon: come upon; worth: valued at; at least: no fewer than; repairs: repair work;
lawsuits: legal actions; women and children: women and youngsters;
sexual abuse: sexual mistreatment; because it: since it; homeless: unhoused; age of: age of;
this year: this year; police chief: police chief; police shooting: police shooting;
decisive: deciding; premature: early; jailed: imprisoned; hard to: difficult to;
in total: all told; people: individuals, men and women; children: youngsters, kids;
kids: children, youngsters; officials: authorities, representatives; authorities: officials;
troops: soldiers, forces; talks: negotiations, discussions; money: funds, cash; drugs: narcotics;
family members: relatives; police officer: law enforcement officer;
police officers: law enforcement officers; were killed: lost their lives, were left dead;
was shot: was hit by gunfire; were shot: were hit by gunfire; shot dead: gunned down;
shot and killed: gunned down; takes place: is held; take place: occur;
took place: happened, occurred; calls for: demands; called for: demanded; calls on: urges;
called on: urged; wants to: hopes to, aims to; want to: hope to, aim to; wanted to: hoped to;
needs to: has to; need to: have to; charged with: accused of;
is expected to: is likely to, is due to; are expected to: are likely to, are due to;
known for: noted for; known as: referred to as; led by: headed by, under;
returned to: headed back to; returns to: heads back to; won the: secured the, captured the;
won a: claimed a, secured a; wins the: secures the; wins a: claims a; win the: secure the;
became the: ended up as the; becomes the: ends up as the; suffered a: sustained a;
appears to: seems to; appear to: seem to; appeared to: seemed to; lives in: resides in;
lived in: resided in; living in: residing in; moved to: relocated to;
convicted of: found guilty of; found guilty: convicted; asks for: requests; seeks to: tries to;
told to: instructed to; is said to: is reported to; are said to: are reported to;
used to: used to; failed to: did not manage to; fails to: does not manage to;
planning to: intending to; planned to: meant to; suspected of: believed to be behind;
raise money: gather funds, collect money; agreed to: consented to; increase in: rise in;
rise in: growth in; nearly: almost, close to; almost: nearly; because of: owing to;
because: since, as; during: in the course of; despite: in spite of; although: even though;
however: even so, nonetheless; amid: in the midst of; in order to: so as to;
as well as: along with; as well: too; several: a number of, various; numerous: many, a host of;
many of: a large number of, most of; how many: how many; so many: so many; as many: as many;
too many: too many; not many: not many; many: numerous, countless; often: frequently, regularly;
recently: lately, in recent times; currently: at present; soon: before long, shortly;
quickly: rapidly, swiftly; previously: in the past; initially: at first; eventually: in the end;
finally: at last; immediately: at once, right away; very: extremely, highly;
major: significant, large-scale; big: large, sizable; biggest: largest; largest: biggest;
large: big, substantial; huge: enormous, vast; massive: enormous, huge; small: little, modest;
important: significant; key: crucial, central; popular: well-liked, much-loved;
famous: renowned, celebrated; controversial: disputed, contentious;
dangerous: hazardous, perilous; serious: grave, severe; severe: serious; best: finest, top;
difficult: tough, hard; easy: simple; similar: comparable; former: one-time, past;
current: present; elderly: aged; foreign: overseas; international: global; global: worldwide;
financial: economic; entire: whole; whole: entire; final: closing, last; latest: most recent;
upcoming: forthcoming; possible: potential; potential: possible; alleged: supposed;
allegedly: reportedly; reportedly: apparently; deadly: fatal, lethal; fatal: deadly;
violent: brutal; brutal: savage, vicious; strong: powerful, solid; powerful: strong, mighty;
rare: unusual, uncommon; unusual: uncommon; strange: odd, peculiar; beautiful: lovely;
wealthy: affluent; safe: secure; crucial: vital; necessary: needed; unable to: not able to;
must: will need to; should: ought to; may: might; might: may; a lot of: plenty of;
dozens of: scores of; each other: one another; around the world: across the globe;
in the world: on the planet; so far: to date, up to now; in front of: before;
carried out: conducted; set up: established; took part in: participated in;
behind bars: in prison; in connection with: over; ahead of: before; twice: two times;
thanks to: because of; online: on the internet; mom: mother; dad: father; cops: officers;
near: close to; following: after; including: among them; entirely: wholly; completely: totally;
especially: particularly; particularly: especially; mainly: chiefly; mostly: chiefly;
left behind: abandoned; across the country: nationwide; nationwide: across the country;
every year: annually; annual: yearly; longtime: veteran; terrible: dreadful; angry: furious;
worried: anxious; happy: glad, pleased; sick: ill; smart: clever; fast: quick; brave: courageous;
quiet: calm; modern: contemporary; ancient: age-old; vital: essential; extra: additional;
additional: further, extra; enough: sufficient; recent: latest; hard: tough; badly: severely;
such as: like; throughout: all through; within: inside; nobody: no one; doesn't: does not;
don't: do not; didn't: did not; isn't: is not; aren't: are not; wasn't: was not;
weren't: were not; hasn't: has not; haven't: have not; can't: cannot; won't: will not;
couldn't: could not; wouldn't: would not; they're: they are; car park: parking lot;
admitted to: confessed to; police say: police report; police said: police reported; real: genuine;
true: genuine; main: chief, principal; older: elder; closed: shut; opened: got under way;
expected: anticipated, predicted; restored: repaired; young people: youths;
at the end of: at the close of; at the start of: at the beginning of;
for the first time: as a first; free of charge: at no cost; by the end of: before the close of;
that killed: that claimed the lives of; who killed: who took the lives of;
killed in: left dead in; killed by: slain by; has killed: has claimed the lives of;
have killed: have claimed the lives of; killed at least: claimed the lives of at least;
killed himself: took his own life; years ago: years back; years old: years of age;
last week: in the past week; last month: in the past month; of last week: of last week;
since last week: since last week; since last month: since last month; deaths: fatalities;
went to: traveled to; released from: freed from; released a: put out a; released the: put out the;
already: by now; different: distinct, varied; on top: on top; top of: top of; top: leading;
comes after: follows; suffered from: endured; suffers from: endures; suffering from: enduring;
appears in: features in; appears on: features on; appeared in: featured in;
appeared on: featured on; injuries: wounds; retired: former; was hit: was struck;
were hit: were struck; hit by: struck by; believed to be: thought to be;
went missing: disappeared; goes missing: disappears; missing: unaccounted for;
missing in: missing in; a missing: a missing; the missing: the missing;
based in: headquartered in; based on: drawn from; critical of: harsh on; every: each;
likely to: expected to; someone: somebody; always: at all times; unknown: unidentified;
aboard: on board; found dead: discovered dead; later this: later this; later in: later in;
later on: later on; later than: later than; years later: years afterward;
months later: months afterward; weeks later: weeks afterward; days later: days afterward;
hours later: hours afterward; later: subsequently; the only: the sole; only: just;
not only: not only; wounded: hurt, injured; until: till; police are: officers are;
police have: officers have; police were: officers were; the police: the authorities;
by police: by officers; by the police: by officers; to police: to officers; a few: a handful of;
a day: each day; a year: each year; a week: each week; a month: each month; per cent: percent;
centre: center; most of: the bulk of; at night: overnight; in the middle of: midway through;
on the way: en route; empty: vacant; growing: rising, mounting; set free: set free;
free of: free of; free from: free from; personal: private; pleaded guilty: pleaded guilty;
plead guilty: plead guilty; pleads guilty: pleads guilty; guilty plea: guilty plea;
found guilty of: convicted of; lost to: fell to; across: throughout; hopes to: aims to;
going to: set to; trying to: attempting to; needed to: had to; wounded in: hurt in;
in charge of: responsible for; about to: on the verge of; as part of: within; tens of: tens of;
scores of: dozens of;
"""

IRREGULAR = """
cost cost cost; rise rose risen; say said said; make made made; put put put; cut cut cut;
get got gotten; set set set; shut shut shut; hold held held; bring brought brought; lead led led;
take took taken; give gave given; go went gone; stand stood stood; lay laid laid; run ran run;
bear bore borne; find found found; tell told told; think thought thought; begin began begun;
send sent sent; fight fought fought; seek sought sought; hurt hurt hurt; build built built;
buy bought bought; flee fled fled; choose chose chosen; write wrote written; speak spoke spoken;
teach taught taught; understand understood understood; undergo underwent undergone;
beat beat beaten; steal stole stolen; pay paid paid; win won won; draw drew drawn;
overcome overcame overcome; catch caught caught; sell sold sold; quit quit quit; come came come;
deal dealt dealt; show showed shown; feel felt felt; leave left left; see saw seen;
"""

DOUBLING = frozenset(
    "stop ban bar step plan scrap opt grab spot admit permit occur drop pen rob begin win run"
    " put cut get set shut quit".split()
)

PLURALS = {
    "man": "men", "woman": "women", "gunman": "gunmen", "spokesman": "spokesmen",
    "spokeswoman": "spokeswomen", "analysis": "analyses", "aircraft": "aircraft",
    "craft": "craft", "evidence": "evidence", "proof": "proof", "conduct": "conduct",
    "behavior": "behavior", "violence": "violence", "bloodshed": "bloodshed",
    "unrest": "unrest", "harm": "harm", "destruction": "destruction", "rainfall": "rainfall",
    "damage": "damage", "fighting": "fighting", "surgical treatment": "surgical treatments",
    "putting to death": "executions", "backing": "backing",
}  # fmt: skip

# A word that is noun and verb is read as one or the other by the word before it.
BEFORE_NOUN = frozenset(
    "a an the this that these those his her its their our my your of in on for from with by"
    " at after before about over into no any some every each new old recent latest first"
    " second last final".split()
)
BEFORE_VERB = frozenset(
    "to will would can could may might must should not who which he she they it we you i"
    " also".split()
)
