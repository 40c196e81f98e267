//! Marks in fixtures.

/// File, line, whether an unknown is expected.
pub type Mark = (String, u32, bool);

/// The marks for one rule in all files of a fixture.
pub fn expected(id: &str, files: &[(String, String)]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (name, text) in files {
        match name.strip_suffix(".expect") {
            Some(target) => marks.extend(sidecar(id, target, text)),
            None => marks.extend(inline(id, name, text)),
        }
    }
    marks
}

fn sidecar(id: &str, file: &str, text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (number, words) = line.split_once(' ').unwrap_or_else(|| panic!("{file}.expect: `{line}` is no `LINE id`"));
        let number = number.parse().unwrap_or_else(|_| panic!("{file}.expect: `{number}` is no line"));
        marks.extend(words_for(id, words).map(|unknown| (file.to_string(), number, unknown)));
    }
    marks
}

fn inline(id: &str, file: &str, text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index + 1).expect("fixtures are short");
        for (word, offset) in [("# expect: ", 0), ("# expect-next-line: ", 1)] {
            if let Some((_, words)) = line.split_once(word) {
                marks.extend(words_for(id, words).map(|unknown| (file.to_string(), number + offset, unknown)));
            }
        }
    }
    marks
}

/// `a b=2 ~c`: for each mark of `id`, whether it is an unknown.
fn words_for<'w>(id: &'w str, words: &'w str) -> impl Iterator<Item = bool> + 'w {
    words.split([' ', ',']).filter(|word| !word.is_empty()).flat_map(move |word| {
        let (unknown, word) = word.strip_prefix('~').map_or((false, word), |word| (true, word));
        let (name, count) = word.split_once('=').unwrap_or((word, "1"));
        let count = if name == id { count.parse().expect("a count after `=`") } else { 0 };
        std::iter::repeat_n(unknown, count)
    })
}
