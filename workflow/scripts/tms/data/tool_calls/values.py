"""Values that stand in requests and calls, in two parts that share none: for training, and for the test.

A number belongs to the test where it is divisible by 3 (a decimal one: its tenths), whatever it counts.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """Values of one kind; their Python type is the argument's type.

    Attributes:
        training, test: disjoint, also from those of all other pools.
    """

    training: list[str | int | float]
    test: list[str | int | float]

    @property
    def type(self) -> str:
        """The type's name in a tool's signature."""
        return {str: "string", int: "integer", float: "number"}[type(self.training[0])]


def names(training: str, test: str) -> Pool:
    """A pool of texts, separated by commas."""
    return Pool(*([value.strip() for value in part.split(",")] for part in (training, test)))


def integers(first: int, last: int, step: int = 1) -> Pool:
    """A pool of whole numbers."""
    values = range(first, last + 1, step)
    return Pool([n for n in values if n % 3], [n for n in values if n % 3 == 0])


def decimals(first: int, last: int) -> Pool:
    """A pool of numbers with one decimal, bounds in tenths; whole ones are left out."""
    values = [n for n in range(first, last + 1) if n % 10]
    return Pool([n / 10 for n in values if n % 3], [n / 10 for n in values if n % 3 == 0])


def dates() -> Pool:
    """Days of the first eight months, and of the last four."""
    first, last = (
        "January February March April May June July August",
        "September October November December",
    )
    return Pool(
        *([f"{month} {day}" for month in part.split() for day in range(1, 29)] for part in (first, last))
    )


def times() -> Pool:
    """Times of day, every five minutes; every third one is for the test."""
    every = [f"{hour}:{minute:02d}" for hour in range(6, 23) for minute in range(0, 60, 5)]
    return Pool([time for i, time in enumerate(every) if i % 3], every[::3])


POOLS = {
    "person": names(
        "Anna, Ben, Carla, Daniel, Emily, Frank, Grace, Henry, Irene, Jack, Karen, Liam, Monica, "
        "Nathan, Olga, Peter, Rachel, Samuel, Teresa, Victor, Wendy, Hugo, Laura, Martin, Nora, "
        "Oscar, Paula, Ruben, Sofia, Tom",
        "Alice, Boris, Clara, Dylan, Elena, Felix, Gloria, Hassan, Ingrid, Jonas, Kira, Leon, Maya, "
        "Nina, Omar, Priya, Quentin, Rosa, Stefan, Yusuf",
    ),
    "city": names(
        "Paris, London, Madrid, Rome, Vienna, Oslo, Dublin, Chicago, Boston, Denver, Seattle, "
        "Toronto, Lisbon, Athens, Cairo, Mumbai, Tokyo, Seoul, Sydney, Lima, Berlin, Miami, Dallas, "
        "Warsaw, Prague, Geneva, Milan, Nairobi, Havana, Manila",
        "Barcelona, Budapest, Helsinki, Istanbul, Jakarta, Kyoto, Lagos, Melbourne, Montreal, Naples, "
        "Osaka, Phoenix, Quito, Riga, Santiago, Stockholm, Tunis, Valencia, Venice, Zurich",
    ),
    "country": names(
        "France, Spain, Germany, Italy, Japan, Brazil, Canada, Mexico, Egypt, Kenya, India, China, "
        "Norway, Poland, Greece, Turkey, Chile, Peru, Cuba, Ireland",
        "Argentina, Austria, Belgium, Denmark, Finland, Hungary, Iceland, Jordan, Morocco, Nepal, "
        "Portugal, Sweden, Thailand, Tunisia, Uruguay, Vietnam",
    ),
    "street": names(
        "Oak Street, Park Avenue, Mill Lane, Station Road, Church Street, River Road, Garden Street, "
        "Hill Road, King Street, Market Square, School Lane, Bridge Street, Lake Drive, Forest "
        "Avenue, Rose Lane",
        "Maple Avenue, Harbor Road, Castle Street, Spring Lane, Victoria Road, Elm Drive, Meadow "
        "Street, Abbey Lane, Pine Avenue, Queen Street, Orchard Road, Willow Lane",
    ),
    "dish": names(
        "pizza, lasagna, tomato soup, fried rice, pancakes, chicken curry, apple pie, beef stew, fish "
        "tacos, omelette, pumpkin soup, meatballs, ramen, risotto, falafel, sushi, burritos, carrot "
        "cake, waffles, chili",
        "paella, mushroom soup, dumplings, lentil stew, banana bread, moussaka, gnocchi, shrimp "
        "salad, goulash, onion rings, potato gratin, cheesecake, hummus, spring rolls, pad thai, "
        "ravioli",
    ),
    "item": names(
        "milk, bread, eggs, butter, apples, rice, coffee, sugar, cheese, tomatoes, onions, soap, "
        "bananas, pasta, yogurt, flour, olive oil, carrots, tea, salt, paper towels, honey, lemons, "
        "chicken",
        "oranges, cereal, shampoo, spinach, garlic, mustard, peanut butter, grapes, toothpaste, "
        "vinegar, walnuts, sponges, mushrooms, candles, pepper, cucumbers, raisins, batteries",
    ),
    "song": names(
        "Yesterday, Imagine, Hey Jude, Thriller, Waterloo, Hello, Halo, Purple Rain, Africa, Let It "
        "Be, Clocks, Hurt, Creep, Bad Guy, Dancing Queen, Hotel California, Viva La Vida, Wonderwall",
        "Billie Jean, Roxanne, Fernando, Yellow, Rolling in the Deep, Space Oddity, Zombie, Fast Car, "
        "Jolene, Layla, Heroes, Smooth Operator, Blue Monday, Karma Police",
    ),
    "film": names(
        "Titanic, Casablanca, Jaws, Inception, Gladiator, Rocky, Alien, Frozen, Amadeus, Psycho, "
        "Shrek, Vertigo, Avatar, Up, Gravity, The Matrix, Toy Story, Star Wars",
        "Parasite, Fargo, Rear Window, Memento, Goodfellas, Moonlight, Braveheart, Chinatown, "
        "Arrival, Spartacus, The Godfather, Whiplash, Ratatouille, Heat",
    ),
    "book": names(
        "Dracula, Emma, Ulysses, The Hobbit, Moby Dick, Hamlet, Jane Eyre, Dune, The Odyssey, "
        "Frankenstein, Beloved, Animal Farm, Little Women, The Stranger, Macbeth",
        "Middlemarch, Persuasion, The Iliad, Walden, Candide, The Trial, Oliver Twist, Siddhartha, "
        "Heidi, White Fang, Othello, The Jungle Book",
    ),
    "language": names(
        "French, Spanish, German, Italian, Japanese, Korean, Arabic, Greek, Turkish, Polish, Dutch, Russian",
        "Portuguese, Swedish, Hindi, Danish, Finnish, Hungarian, Thai, Vietnamese, Welsh, Czech",
    ),
    "phrase": names(
        "good morning, thank you, where is the station, I am hungry, happy birthday, how are you, I "
        "love music, the train is late, two tickets please, nice to meet you, open the window, I need "
        "help, it is cold today",
        "see you tomorrow, what time is it, I lost my bag, the soup is hot, good luck, my name is "
        "short, call a doctor, we are friends, the shop is closed, excuse me, I like your hat",
    ),
    "currency": names(
        "USD, EUR, GBP, JPY, CHF, CAD, AUD, INR, MXN, CNY, BRL, KRW",
        "NOK, SEK, DKK, PLN, CZK, TRY, ZAR, THB, HUF, NZD, SGD, ILS",
    ),
    "company": names(
        "Apple, Tesla, Netflix, Intel, Nike, Boeing, Pfizer, Sony, Toyota, Google, Adobe, Visa, "
        "Siemens, Nestle, Ford",
        "Amazon, Oracle, Samsung, Honda, Starbucks, Airbus, Spotify, Bayer, Shell, Disney, Philips, "
        "Lufthansa",
    ),
    "team": names(
        "Arsenal, Lakers, Bulls, Yankees, Juventus, Celtics, Ajax, Warriors, Packers, Benfica, "
        "Dodgers, Chelsea",
        "Liverpool, Knicks, Red Sox, Porto, Raptors, Steelers, Bayern, Everton, Mets, Rockets, Cowboys",
    ),
    "room": names(
        "kitchen, bedroom, bathroom, living room, hallway, office, basement, dining room, nursery, "
        "guest room",
        "garage, attic, laundry room, library, studio, balcony, cellar, playroom, sunroom, workshop",
    ),
    "chore": names(
        "water the plants, call the bank, pay the rent, take out the trash, feed the cat, buy stamps, "
        "wash the car, clean the oven, renew my passport, book a dentist, send the invoice, charge "
        "the phone, return the keys, mow the lawn",
        "walk the dog, fix the bike, iron the shirts, order new glasses, back up my files, pick up "
        "the cake, print the tickets, check the mail, sign the contract, empty the dishwasher, change "
        "the sheets",
    ),
    "topic": names(
        "black holes, solar energy, the Roman Empire, jazz, volcanoes, whales, chess, vaccines, "
        "electric cars, gardening, coral reefs, robots, tea ceremonies, glaciers, ancient Egypt, "
        "honey bees",
        "dinosaurs, the French Revolution, earthquakes, origami, quantum computers, opera, wolves, "
        "wind power, space telescopes, pottery, rainforests, the Vikings, comets, coffee farming",
    ),
    "message": names(
        "I am running late, the meeting is moved, dinner is ready, I am at the station, see you at "
        "noon, the parcel arrived, please call me back, we won the game, the car is fixed, I found "
        "your keys",
        "the flight is delayed, I will be home soon, bring your laptop, the tickets are sold out, "
        "lunch is on me, we need more time, the baby is asleep, your order is ready, I am stuck in "
        "traffic",
    ),
    "title": names(
        "team lunch, budget review, dentist visit, piano lesson, staff meeting, birthday party, yoga "
        "class, job interview, parents evening, project kickoff, haircut, board call",
        "book club, flu shot, design workshop, soccer practice, sales call, wedding rehearsal, eye "
        "exam, product demo, house viewing, chess club, cooking class",
    ),
    "file": names(
        "report.pdf, notes.txt, budget.xlsx, photo.jpg, slides.pptx, letter.docx, data.csv, song.mp3, "
        "plan.pdf, menu.txt, logo.png, video.mp4",
        "invoice.pdf, recipe.txt, thesis.docx, map.png, sales.csv, podcast.mp3, draft.docx, "
        "poster.jpg, todo.txt, backup.zip, contract.pdf",
    ),
    "folder": names(
        "Documents, Pictures, Work, Music, Archive, Projects, Taxes, School, Travel, Family",
        "Downloads, Invoices, Recipes, Research, Backups, Shared, Clients, Drafts, Videos",
    ),
    "sport": names(
        "running, swimming, cycling, rowing, hiking, boxing, skating, tennis, climbing, dancing",
        "yoga, skiing, badminton, basketball, surfing, pilates, karate, golf, volleyball",
    ),
    "product": names(
        "headphones, a desk lamp, running shoes, a backpack, a blender, a keyboard, sunglasses, a "
        "rain jacket, a coffee grinder, a tent, a wallet, a yoga mat",
        "a toaster, a camera, hiking boots, a suitcase, a monitor, a bike helmet, a watch, gloves, a "
        "vacuum cleaner, a microphone, a sleeping bag",
    ),
    "color": names(
        "red, blue, green, yellow, purple, orange, pink, white, brown",
        "turquoise, silver, golden, violet, crimson, beige, amber",
    ),
    "plant": names(
        "roses, tulips, basil, ferns, cactus, lavender, mint, orchids, ivy, sunflowers",
        "lilies, rosemary, daisies, bamboo, thyme, peonies, parsley, violets, jasmine",
    ),
    "code": names(
        "AB12, KX94, QT58, LM71, ZP20, RS46, HJ85, VW17, DN62, GC49, EF73, UY31",
        "BT27, NC80, PK53, SX16, WD94, MH42, JR68, LV35, YA79, FQ24, CT51",
    ),
    "date": dates(),
    "time": times(),
    "minutes": integers(5, 90),
    "count": integers(2, 24),
    "percent": integers(10, 95),
    "degrees": integers(14, 28),
    "level": integers(1, 40),
    "amount": integers(20, 980, 5),
    "year": integers(1950, 2020),
    "number": integers(100, 999),
    "decimal": decimals(11, 99),
    "weight": decimals(12, 240),
}
