"""The tools of the split `test`, none of which is in training; see `read_tools` for the table's form."""

from tms.data.tool_calls.tool import read_tools

TOOLS = read_tools("""
air_quality(place: city, day: date) - how clean the air is
Is the air clean in {place} on {day}?
What about air pollution in {place} on {day}?
Check the air in {place} for {day}.

rent_bike(station: street, hours: count) - rent a bicycle
Rent a bike at {station} for {hours} hours.
I'd like a bicycle from {station}, {hours} hours.
Let me have a bike for {hours} hours at {station}.

email_file(attachment: file, to: person) - mail a file to someone
Mail {attachment} to {to}.
Email {to} the file {attachment}.
{to} needs {attachment}. Please email it.

learn_phrase(sentence: phrase, tongue: language) - save a phrase to practise
I want to practise saying "{sentence}" in {tongue}.
Save "{sentence}" to my {tongue} phrases.
Teach me "{sentence}" in {tongue}.

watch_exchange_rate(base: currency, quote: currency, percent: percent) - alert on a rate
Alert me if {base} moves {percent} percent against {quote}.
Watch {base} against {quote} and warn me at {percent} percent.
Notify me when {base} falls {percent} percent against {quote}.

buy_shares(company: company, shares: number) - buy stock
Buy {shares} shares of {company}.
I'd like to own {shares} more {company} shares.
Place an order: {company}, {shares} shares.

dim_lamp(area: room, percent: percent) - lower the light
Dim the {area} lamp to {percent} percent.
Too bright in the {area}! Go down to {percent} percent.
Lower the {area} light to {percent} percent.

plan_meal(meal: dish, day: date) - add a meal to the plan
Plan {meal} for {day}.
On {day} we eat {meal}. Put it in the meal plan.
Let's have {meal} on {day}.

check_stock(article: item, store: street) - whether a shop has an article
Does the shop on {store} have {article}?
Do they still have {article} in the {store} store?
See if I can get {article} at {store}.

assign_task(assignee: person, task: chore, due: date) - give someone a task
{assignee} has to {task} by {due}. Assign it.
Assign this to {assignee}, due {due}: {task}.
Make {assignee} responsible, until {due}: {task}.

follow_team(club: team, year: year) - season statistics
How was the {year} season for {club}?
Show me the statistics of {club} in {year}.
I want to know how {club} did in {year}.

queue_song(track: song, position: count) - put a song in the queue
Put {track} at place {position} in the queue.
Queue {track} as number {position}.
Let {track} come up at position {position}.

share_folder(directory: folder, user: person) - give someone access
Share {directory} with {user}.
Let {user} open my {directory} folder.
{user} should have access to {directory}.

plan_training(activity: sport, weeks: count) - make a training plan
Make me a plan for {weeks} weeks of {activity}.
I want to get better at {activity} in {weeks} weeks.
Build a {activity} schedule, {weeks} weeks long.

visa_rules(destination: country, stay: minutes) - entry rules of a country
Do I need a visa for {stay} days in {destination}?
I plan to visit {destination} for {stay} days. What are the entry rules?
Visa for {destination}, {stay} days: is it needed?

price_alert(article: product, price: amount) - watch a price
Tell me when {article} costs {price} dollars.
Watch the price of {article} and write me at {price} dollars.
I'd buy {article} for {price} dollars. Keep an eye on it.

plant_care(species: plant, day: date) - schedule plant care
Remind me on {day} to look after the {species}.
Care for the {species} is due on {day}.
Put the {species} on the care schedule for {day}.

paint_estimate(surface: decimal, shade: color) - paint that a wall needs
How much {shade} paint do I need for {surface} square meters?
I'm painting {surface} square meters {shade}. How much paint is that?
Estimate the {shade} paint for {surface} square meters.

mail_weight_cost(kilos: weight, country: country) - postage of a parcel
What does it cost to mail {kilos} kilos to {country}?
I'm shipping {kilos} kilos to {country}. How much is the postage?
Postage to {country} for {kilos} kilos, please.

lecture_room(subject: topic, time: time) - find a lecture
Where is the lecture on {subject} at {time}?
Which hall has the talk about {subject} at {time}?
I want to hear the {time} lecture on {subject}. Where do I go?
""")
