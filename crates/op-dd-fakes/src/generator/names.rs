/// Given names; with the family names below they make more people than any account here has.
pub(crate) const GIVEN: [&str; 16] = [
    "Amara", "Bjørn", "Chiara", "Dmitri", "Elena", "Farid", "Greta", "Hiro", "Inês", "Jonas",
    "Kavya", "Liam", "Mei", "Noor", "Oskar", "Priya",
];

/// Family names, one of them with an apostrophe and one of two words: both break careless code.
pub(crate) const FAMILY: [&str; 12] = [
    "Andersson",
    "Baker",
    "Castillo",
    "De Vries",
    "Eriksen",
    "Fontaine",
    "Gupta",
    "Hoffmann",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "O'Brien",
];
