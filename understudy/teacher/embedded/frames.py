"""The embedded teacher's sentence frames: data only, read by `expand` and `summarize`.

`{}` or `{fact}` takes a fact. Slots of filler: {day} {part} {month} {few} {many} {percent} {place}
{person} {surname} {role}; a sentence with a slot that an article cannot fill is not used there.
"""

BEFORE = (
    "Officials confirmed that {}", "It emerged this week that {}",
    "Early accounts indicate that {}",
    "People close to the matter said that {}", "Those briefed on the subject noted that {}",
    "Newly available details show that {}", "It is now understood that {}",
    "Several sources independently verified that {}", "A written update made clear that {}",
    "What is beyond doubt is that {}", "Reporters learned on {day} that {}",
    "Perhaps the most striking point is that {}", "The record shows that {}",
    "Observers were quick to notice that {}", "Central to the story is the fact that {}",
)  # fmt: skip
AFTER = (
    "{}, according to people familiar with the matter", "{}, officials confirmed",
    "{}, a person with knowledge of the events said", "{}, according to accounts given on {day}",
    "{}, those involved confirmed", "{}, a spokesperson said", "{}, several sources agreed",
    "{}, as was made clear on {day}", "{}, according to a written update",
)  # fmt: skip
LINKS = (
    "Meanwhile, {}", "At the same time, {}", "In a related point, {}", "Separately, {}",
    "On top of that, {}", "In addition, {}", "As things stand, {}", "Notably, {}", "In fact, {}",
)  # fmt: skip
FRAGMENTS = (
    "Among the details made public: {}", "Also part of the picture: {}", "One more element: {}",
    "Listed among the main points: {}",
)  # fmt: skip
VIEWS = (
    "According to {who}, {}", "In the view of {who}, {}", "{who} makes the case that {}",
    "As {who} sees it, {}", "{who} argues that {}",
    "Writing on the subject, {who} contends that {}",
)  # fmt: skip
SOURCES = ("According to {who}, {}", "In the words of {who}, {}", "By the account of {who}, {}")
AGAIN = (
    "In short, those following the story come back to one point: {}",
    "Whatever happens next, the essential point remains: {}",
    "For most of those affected, one thing counts above all: {}",
)  # fmt: skip

TOPICS = {
    "crime": (
        "police court murder judge verdict bail trial arrest arrested charged guilty prison jail"
        " lawyer suspect shot shooting killed theft stolen robbery jury sentenced convicted crime"
        " officers prosecutor attorney lawsuit detained gunmen investigators"
    ),
    "sport": (
        "match cup league champion championship lpga pga nba nfl fifa uefa holes title victory"
        " tour playoff midfielder season coach player goal goals scored win wins race"
        " tournament olympic club football golf tennis game games final striker beat defeat"
    ),
    "conflict": (
        "soldiers troops rebels militants isis bomb bombing attack attacks airstrikes war army"
        " forces fighters ceasefire hostage hostages military terror terrorist terrorism militant"
        " missile missiles insurgents al-qaeda rebel gunmen"
    ),
    "weather": (
        "storm snow flood floods rain earthquake hurricane tornado fire wildfire drought"
        " evacuated disaster quake volcano heat winds crash rescue rescued weather river"
    ),
    "politics": (
        "election vote voters president minister senate congress party campaign government policy"
        " lawmakers parliament democrats republicans governor mayor council candidate sanctions"
        " negotiations opposition speech bill"
    ),
    "business": (
        "company firm market sales shares profit profits bank price prices workers jobs economy"
        " airline deal customers factory industry billion store stores investors ceo plant"
    ),
    "science": (
        "bones skeleton fossil probe scientists study researchers health hospital patients"
        " doctors disease cancer virus drug"
        " research space planet nasa vaccine brain medical treatment species experiment surgery"
    ),
    "culture": (
        "film movie actor album song show music singer book author museum artist festival tv"
        " series star exhibition theater gallery concert novel painting fans band"
    ),
    "transport": (
        "train plane flight airport passengers pilot ship road bridge traffic railway highway"
        " ferry bus station car drivers port cyclists tram"
    ),
}

# Sentences of background; the ones under "general" fit any story.
FILLER: dict[str, tuple[str, ...]] = {
    "general": (
        "The news spread rapidly and drew a wide range of responses, some of them heated.",
        "Much about the story is still unsettled, and a fuller account may take time.",
        "More information should become available by {day}.",
        "A follow-up briefing has been pencilled in for {day} {part}.",
        "Nobody involved wished to speculate about what comes next.",
        "Phone calls placed on {day} were not returned.",
        "Interest has been building steadily for about {few} weeks.",
        "Comparable stories made headlines in {month}, although under other circumstances.",
        "For those who have followed the subject from the outset, little of this comes as a shock.",
        "Discussion carried on well into {day} {part}, with no sign of fading.",
        "Roughly {many} messages on the topic were counted within a day.",
        "The background is complicated and reaches back some {few} years.",
        "Records kept over the past decade point to a gradual build-up.",
        "Not everyone shares the same reading of what took place.",
        "In an informal tally, around {percent} percent of those asked had been paying attention.",
        "Commentators cautioned against drawing quick conclusions.",
        "There was no immediate comment from other parties.",
        "A detailed timeline is being put together and should be ready in {month}.",
        "Every word of the announcement has since been picked over.",
        "Similar questions have come up elsewhere, usually with mixed outcomes.",
        "For the moment, patience appears to be the only option.",
        "Attention is now turning to the weeks ahead.",
        "Some {many} people are thought to be touched by the matter in one way or another.",
        "Small details were still being checked late on {day}.",
        "The timing has prompted its own share of debate.",
        "What happens from here will depend on choices that have yet to be made.",
        "A review of the available material took the better part of {few} hours.",
        "Behind the scenes, preparations are said to have lasted {few} days.",
        "Few had expected the topic to return so quickly.",
        "Opinion is divided on how much weight the latest turn should be given.",
        "Copies of the relevant paperwork were passed around on {day} {part}.",
        "The wider consequences may not be visible before {month}.",
        "By {day} {part}, the subject had become a regular talking point.",
        "Those at the center of it all have kept a low profile.",
        "Several loose ends have to be tied up before {month}.",
        "Outside help has been offered, though none had been taken up by {day}.",
        "A short note to staff thanked them for {few} months of careful work.",
        "Observers pointed to a mixture of planning and plain luck.",
        "Anyone hoping for a simple explanation is likely to be let down.",
        "The next formal step is not due for another {few} weeks.",
        "As so often, the truth probably lies somewhere in between.",
        "Past experience suggests that public attention will not fade quickly.",
    ),
    "crime": (
        "The legal process could stretch well into {month}.",
        "Detectives have appealed for anybody with footage to get in touch.",
        "A hotline received {many} tips within its opening {few} hours.",
        "Forensic teams spent most of {day} at the scene.",
        "Lawyers on both sides asked for additional time to go through the papers.",
        "A further hearing is listed for {day} {part}.",
        "Patrols in the vicinity were stepped up as a precaution.",
        "Crime of this kind makes up {percent} percent of reported cases, local figures show.",
        "Bail conditions, where they apply, were not spelled out.",
        "Court papers running to {many} pages were still under seal on {day}.",
        "Neighbors described flashing lights and a helicopter overhead.",
    ),
    "sport": (
        "Ticket demand rose sharply, with {many} seats gone inside an hour.",
        "Training resumes on {day} {part} behind closed doors.",
        "The fixture list offers little breathing space before {month}.",
        "Statisticians had to go back {few} seasons for anything comparable.",
        "The dressing room was said to be in a relaxed mood.",
        "A light session was planned, followed by treatment for minor knocks.",
        "Television audiences climbed by {percent} percent on the previous round.",
        "Pundits spent much of {day} going over the footage.",
        "The mood in the stands swung from nerves to delight and back.",
        "Bookmakers adjusted their odds within minutes.",
        "Pre-season targets already look out of date.",
    ),
    "conflict": (
        "Checkpoints were reinforced on {day}, and identity papers were inspected with care.",
        "Accounts from the ground could not be verified independently.",
        "Aid agencies asked for a pause of {few} hours to move supplies.",
        "Phone lines were patchy, and the internet was down for much of {day}.",
        "Around {percent} percent of families in the worst-hit quarters have moved away.",
        "Security advisers gathered on {day} {part} to weigh the options.",
        "Flights over the region were rerouted for at least {few} days.",
        "Satellite pictures may give a better idea of the scale by {day}.",
        "A tally kept by a monitoring network listed {many} incidents since {month}.",
        "Diplomats from several capitals called for restraint.",
        "Markets and schools stayed shut as a precaution.",
    ),
    "weather": (
        "Emergency shelters with room for {many} people were opened on {day}.",
        "Forecasters plan to update their guidance before {day} {part}.",
        "Crews worked in shifts of {few} hours to clear debris.",
        "Power was back for about {percent} percent of households by nightfall.",
        "Residents were advised to keep torches, water and warm clothing within reach.",
        "Schools may stay closed until {day}, depending on conditions.",
        "Insurers expect the full bill to be known no earlier than {month}.",
        "Sandbags, blankets and generators were trucked in from a depot {few} miles away.",
        "Old hands compared conditions with those of {few} years earlier.",
        "Ground teams have been asked to report back every {few} hours.",
        "Specialists will comb through data from instruments and witnesses.",
    ),
    "politics": (
        "Aides worked the telephones through {day} {part}.",
        "The chamber is not scheduled to sit again before {day}.",
        "Private polling put support at about {percent} percent, with a wide margin of error.",
        "Strategists in rival camps were already drafting their replies.",
        "A working group of {few} members is looking at the options.",
        "Allies abroad were informed shortly before the news broke.",
        "Protocol would normally call for a written reply by {month}.",
        "Campaign donors received a memo on the subject on {day}.",
        "Backbench grumbling has been audible for at least {few} weeks.",
        "Constitutional scholars differ on how far the rules extend.",
        "The diplomatic calendar leaves room for another round of contacts in {month}.",
    ),
    "business": (
        "Trading volumes were about {percent} percent above their usual level.",
        "Quarterly figures due in {month} may give a clearer picture.",
        "Analysts trimmed or raised their forecasts by small amounts.",
        "Suppliers were told of the news in a conference call on {day}.",
        "A regulatory filing of {many} pages sets out the small print.",
        "Union delegates asked for a meeting before {day} {part}.",
        "Competitors have tried something similar in the past {few} years.",
        "The sector as a whole has had an uneven run since {month}.",
        "Shop floors were busy with talk of what it could mean for shifts.",
        "Consumer groups promised to keep a close eye on charges.",
        "Managers played down any talk of a change in direction.",
    ),
    "science": (
        "The findings will be examined by independent reviewers before {month}.",
        "Laboratories elsewhere hope to repeat the work on a sample of {many}.",
        "The margin of uncertainty was put at {percent} percent.",
        "Specialists urged caution until longer-term data are in.",
        "Funding for the next phase runs for {few} years.",
        "Equipment had to be recalibrated twice before the readings settled.",
        "A technical seminar on the topic is planned for {day} {part}.",
        "Clinics fielded {many} inquiries after the news came out.",
        "Earlier work in the field followed just {few} subjects.",
        "Textbooks may need a small correction, if the picture holds.",
        "Data will be shared with other teams free of restrictions.",
    ),
    "culture": (
        "Advance bookings jumped by {percent} percent overnight.",
        "Reviewers have been invited to a preview on {day} {part}.",
        "Devotees swapped theories online for hours.",
        "A limited run of {many} posters sold out on {day}.",
        "Work behind the curtain began {few} years ago in a borrowed room.",
        "The creative team kept its plans under wraps until {month}.",
        "Queues formed around the block before the doors had opened.",
        "Early notices were warm, with a handful of dissenters.",
        "Those who saw rehearsals spoke of a bold change of tone.",
        "The budget was modest by the standards of the trade.",
    ),
    "transport": (
        "Timetables will be revised from {day} {part}.",
        "About {many} travelers had to make other arrangements.",
        "Replacement buses ran every {few} minutes.",
        "Punctuality stood at {percent} percent in {month}.",
        "Technical inspectors asked for maintenance logs going back {few} years.",
        "Signs warning of delays were put up along the route.",
        "Engineers carried out checks overnight and again on {day}.",
        "Commuter groups called for clearer announcements.",
        "A control room with a staff of {few} followed movements around the clock.",
        "Refund requests can be lodged until the end of {month}.",
    ),
}  # fmt: skip

QUOTES = (
    '"We are taking this one step at a time," {role} said.',
    '"I keep thinking about it," {role} said. "You do not expect something like that."',
    '"There is a lot we still want to understand," said {role}.',
    '"Everybody around here has an opinion on it," {role} remarked on {day}.',
    '"It was the first thing I heard on {day} {part}," {role} recalled.',
    '"People are asking fair questions, and they deserve straight answers," said {role}.',
    '"I have been doing this for {few} years and it still caught me off guard," {role} said.',
    '"Let us wait and see," said {role}, shrugging.',
    '"The next {few} days will tell us more than any press release," {role} predicted.',
    '"I would not read too much into one set of numbers," {role} cautioned.',
    '"That is the sort of thing you tell your grandchildren," {role} joked.',
    '"Nobody should be surprised," {role} argued. "The signs were there in {month}."',
    '"We have had {many} calls about it already," {role} said with a sigh.',
    '"It changes how you look at the whole thing," {role} said quietly.',
    '"If it were up to me, this would have been sorted out long ago," {role} added.',
    '"All we can do is carry on," said {role}.',
)  # fmt: skip
ROLES = {
    "general": ("a spokesperson", "one resident", "a person who asked not to be named",
                "a longtime observer", "one bystander", "an independent consultant",
                "a retired civil servant", "one shopkeeper"),
    "crime": ("a defense lawyer not linked to the case", "a retired detective", "a court clerk"),
    "sport": ("a former professional", "one season-ticket holder", "an assistant trainer"),
    "conflict": ("a security consultant", "an aid worker", "a former officer"),
    "weather": ("a relief worker", "a volunteer with a shovel", "a duty forecaster"),
    "politics": ("a senior aide", "one undecided voter", "a lecturer in public affairs"),
    "business": ("a fund manager", "a union delegate", "a retail consultant"),
    "science": ("a laboratory head elsewhere", "a medical statistician", "one graduate assistant"),
    "culture": ("a theater critic", "one fan in the queue", "a stagehand"),
    "transport": ("a station supervisor", "one commuter", "an off-duty mechanic"),
}  # fmt: skip
PERSON = (
    "{person} has been at the center of attention since {day}.",
    "The name {person} came up again and again in conversations on {day} {part}.",
    "Those who know {person} offered varying impressions.",
    "Questions put to people around {person} went unanswered on {day}.",
    "Profiles of {surname} have run in at least {few} newspapers in recent days.",
    "For {surname}, the coming weeks may bring further scrutiny.",
    "Admirers and doubters of {surname} found plenty to argue about.",
)  # fmt: skip
SPEAKING = (
    '"I want to thank everybody for the messages," {person} said in a brief appearance.',
    '"There will be a time to talk about all that," {person} told those waiting outside.',
    '"My view has not changed," {surname} was quoted as saying on {day}.',
    "{person} was not immediately available for an interview.",
)  # fmt: skip
PLACE = (
    "In {place}, the topic dominated conversation for much of {day}.",
    "Local media in {place} carried the story at length.",
    "Visitors to {place} noticed little out of the ordinary on {day} {part}.",
    "People with ties to {place} have been following every turn.",
    "Correspondents in {place} counted about {many} onlookers at one stage.",
    "The mood in {place} was hard to read.",
)  # fmt: skip

SUMMARY_OPENINGS = ("The article reports that {}", "The piece explains that {}",
                    "According to the text, {}", "The report says that {}")  # fmt: skip
SUMMARY_CLOSINGS = (
    "Overall, the article centers on {topics} and what they mean for those involved.",
    "Overall, the text gives an overview of {topics} and related developments.",
    "In summary, the piece highlights the significance of {topics}.",
)  # fmt: skip
