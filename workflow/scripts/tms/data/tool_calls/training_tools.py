"""The tools of the splits `train` and `heldout`; see `read_tools` for the table's form."""

from tms.data.tool_calls.tool import read_tools

TOOLS = read_tools("""
get_weather(city: city, date: date) - weather forecast for a city
What will the weather be like in {city} on {date}?
I'm going to {city} on {date}. How will the weather be?
Give me the forecast for {city} on {date}.
Tell me if I need an umbrella in {city} on {date}.

set_alarm(time: time) - set an alarm
Wake me up at {time}.
Set an alarm for {time}, please.
I have to be up at {time}, so set my alarm.
Can you make the alarm ring at {time}?

start_timer(minutes: minutes) - start a countdown timer
Start a timer for {minutes} minutes.
Let me know when {minutes} minutes are over.
I need a {minutes} minute timer.
Count down {minutes} minutes for me.

send_message(recipient: person, text: message) - send a text message
Text {recipient}: {text}.
Tell {recipient} this in a message: {text}.
Send {recipient} a message that says: {text}.
Please write to {recipient}: {text}.

book_table(city: city, people: count, time: time) - reserve a restaurant table
Book a table in {city} for {people} people at {time}.
We are {people} people and want to eat in {city} at {time}. Reserve a table.
Reserve a restaurant in {city} at {time} for a party of {people}.

translate_text(text: phrase, language: language) - translate a text
How do you say "{text}" in {language}?
Translate "{text}" into {language}.
What is "{text}" in {language}?
I need the {language} translation of "{text}".

convert_currency(amount: amount, source: currency, target: currency) - convert money
Convert {amount} {source} to {target}.
How much is {amount} {source} in {target}?
I have {amount} {source}. What do I get in {target}?

get_stock_price(company: company, date: date) - share price of a company
What did {company} shares cost on {date}?
Show me the stock price of {company} on {date}.
How was {company} stock trading on {date}?
Look up the share price of {company} for {date}.

play_song(title: song, volume: percent) - play music
Play {title} at volume {volume}.
I want to hear {title}, volume {volume} please.
Put on {title} and set the volume to {volume}.

add_to_shopping_list(item: item, quantity: count) - put something on the shopping list
Add {quantity} {item} to my shopping list.
Put {item} on the shopping list, quantity {quantity}.
We are out of {item}. Note {quantity} on the list.

set_temperature(room: room, degrees: degrees) - set the heating of a room
Set the {room} to {degrees} degrees.
Make the {room} {degrees} degrees warm.
I'd like {degrees} degrees in the {room}.
Heat the {room} to {degrees} degrees, please.

turn_on_light(room: room, brightness: percent) - switch on a light
Turn on the {room} light at {brightness} percent.
It is dark in the {room}. Put the light on at {brightness} percent.
Light in the {room}, {brightness} percent brightness.

create_event(title: title, date: date, time: time) - add a calendar event
Put {title} in my calendar on {date} at {time}.
Schedule {title} for {date} at {time}.
I have {title} on {date} at {time}. Please add it.

set_reminder(task: chore, time: time) - remind the user of a task
Remind me to {task} at {time}.
At {time} I must {task}. Don't let me forget.
Set a reminder at {time} to {task}.

get_recipe(dish: dish, servings: count) - find a recipe
How do I cook {dish} for {servings} people?
Find me a recipe for {dish}, {servings} servings.
I want to make {dish} for {servings}. What do I need?

find_route(origin: street, destination: street) - directions between two places
How do I get from {origin} to {destination}?
Show me the way from {origin} to {destination}.
I am at {origin} and need directions to {destination}.

book_flight(origin: city, destination: city, date: date) - book a plane ticket
Book a flight from {origin} to {destination} on {date}.
I need to fly from {origin} to {destination} on {date}.
Get me a plane ticket to {destination} from {origin} for {date}.

find_hotel(city: city, nights: count) - search for hotels
Find a hotel in {city} for {nights} nights.
I'm staying {nights} nights in {city}. Where can I sleep?
Look for a room in {city}, {nights} nights.

call_contact(name: person) - make a phone call
Call {name}.
Give {name} a ring.
I want to talk to {name} on the phone.
Can you phone {name} for me?

transfer_money(recipient: person, amount: amount) - send money to someone
Send {amount} dollars to {recipient}.
Pay {recipient} {amount} dollars.
I owe {recipient} {amount} dollars. Please transfer it.

get_score(team: team, date: date) - result of a game
How did {team} play on {date}?
What was the score of the {team} game on {date}?
Did {team} win on {date}?

search_news(topic: topic, days: count) - recent news articles
Find news about {topic} from the last {days} days.
What was in the news on {topic} during the past {days} days?
Show me articles on {topic}, not older than {days} days.

log_workout(sport: sport, minutes: minutes) - record exercise
I did {minutes} minutes of {sport}. Log it.
Record a workout: {sport}, {minutes} minutes.
Add {minutes} minutes of {sport} to my training diary.

move_file(file: file, folder: folder) - move a file
Move {file} to {folder}.
Put the file {file} into the {folder} folder.
{file} belongs in {folder}. Please move it.

rename_file(old: file, new: file) - rename a file
Rename {old} to {new}.
Change the name of {old} to {new}.
The file {old} should be called {new}.

delete_file(file: file, folder: folder) - delete a file
Delete {file} from {folder}.
Remove the file {file} in {folder}.
I don't need {file} in my {folder} folder any more.

get_movie_times(film: film, city: city) - cinema showtimes
When is {film} playing in {city}?
I want to see {film} in a cinema in {city}. When can I?
Show me the times for {film} in {city}.

rate_movie(film: film, stars: level) - rate a film
Give {film} {stars} stars.
I'd rate {film} with {stars} points.
My rating for {film} is {stars}.

reserve_book(title: book, date: date) - reserve a library book
Reserve {title} at the library for {date}.
I'd like to pick up the book {title} on {date}.
Please have {title} ready for me on {date}.

find_author(title: book) - author of a book
Who wrote {title}?
Tell me the author of {title}.
Which writer is {title} by?

order_food(dish: dish, quantity: count, street: street) - order a meal
Order {quantity} {dish} to {street}.
Bring {quantity} portions of {dish} to {street}.
I'm at {street} and want {quantity} {dish} delivered.

order_taxi(pickup: street, time: time) - order a taxi
I need a taxi at {pickup} at {time}.
Send a cab to {pickup} for {time}.
Get me a taxi, {time}, from {pickup}.

track_package(code: code) - where a parcel is
Where is my package {code}?
Track the parcel with the code {code}.
Has shipment {code} arrived yet?
Find out where {code} is now.

return_product(product: product, order: code) - return a purchase
I want to send back {product} from order {order}.
Return {product}, order {order}.
Order {order}: I don't like {product} and want my money back.

compare_prices(product: product, limit: amount) - find offers
Find {product} for less than {limit} dollars.
I'm looking for {product}, at most {limit} dollars.
Where can I buy {product} under {limit} dollars?

calculate_tip(bill: amount, percent: percent) - tip on a bill
What is a {percent} percent tip on {bill} dollars?
The bill is {bill} dollars. How much is a tip of {percent} percent?
Work out {percent} percent tip for a {bill} dollar bill.

convert_distance(miles: decimal) - miles to kilometers
How many kilometers are {miles} miles?
Convert {miles} miles to kilometers.
What is {miles} miles in kilometers?

log_weight(kilograms: weight, date: date) - record body weight
I weighed {kilograms} kilograms on {date}.
Log my weight of {date}: {kilograms} kilograms.
Write down {kilograms} kilograms for {date}.

track_water(glasses: count) - record drinking
I drank {glasses} glasses of water.
Log {glasses} glasses of water for today.
Note that I had {glasses} glasses of water.

water_garden(plant: plant, minutes: minutes) - run the sprinkler
Water the {plant} for {minutes} minutes.
Give the {plant} water, {minutes} minutes long.
It is dry around the {plant}. Run the sprinkler for {minutes} minutes.

set_light_color(room: room, color: color) - color of a lamp
Make the {room} light {color}.
Change the color of the {room} lamp to {color}.
I want {color} light in the {room}.

get_population(country: country, year: year) - population of a country
How many people lived in {country} in {year}?
What was the population of {country} in {year}?
Tell me how big the population of {country} was in {year}.

list_holidays(country: country, year: year) - public holidays
Which public holidays did {country} have in {year}?
List the holidays of {country} in {year}.
Show me the days off in {country} for {year}.

invite_person(name: person, event: title) - invite someone to an event
Invite {name} to the {event}.
Ask {name} to come to the {event}.
{name} should be at the {event}. Send an invitation.

create_note(title: topic, folder: folder) - start a new note
Start a note about {title} in {folder}.
Make a new note on {title} and keep it in {folder}.
I want to write about {title}. Put the note in {folder}.

charge_car(percent: percent, time: time) - charge the electric car
Charge the car to {percent} percent by {time}.
I leave at {time} and need {percent} percent battery in the car.
The car should be at {percent} percent at {time}.

check_train(number: number, date: date) - whether a train is on time
Is train {number} on time on {date}?
Check train {number} for {date}.
I'm taking train {number} on {date}. Is it late?

book_ticket(film: film, seats: count, time: time) - buy cinema tickets
Buy {seats} tickets for {film} at {time}.
We want to see {film} at {time}. Get {seats} seats.
Get {seats} cinema tickets, {film}, {time}.
""")
