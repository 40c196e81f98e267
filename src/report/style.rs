//! How a report is to be written: width, colour, character set, and what paths are relative to.
//!
//! The decisions are pure functions of what was asked for and what surrounds the process; nothing here reads the
//! environment or asks a terminal.

use annotate_snippets::renderer::{AnsiColor, Style as Ansi};

use crate::vocabulary::Severity;

/// How to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
    /// Whether characters beyond ASCII may be drawn; names from the input are printed as they are either way.
    pub unicode: bool,
    /// How much of the findings people are shown.
    pub detail: Detail,
    /// The working directory relative to the git root, with forward slashes, empty at the root; for SARIF.
    pub uri_prefix: String,
    /// The category of a SARIF upload.
    pub category: Option<String>,
    /// Where a file of the audited revision can be read: its path in the repository goes behind it. For Markdown.
    pub link_base: Option<String>,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            width: 80,
            colour: false,
            unicode: false,
            detail: Detail::Usual,
            uri_prefix: String::new(),
            category: None,
            link_base: None,
        }
    }
}

/// How much of the findings `full` and `concise` list. What machines read is always whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// None of them: only what the end of the report says.
    Summary,
    /// `full`: the first few of each rule in full, some more in a line each.
    #[default]
    Usual,
    /// All of them, in full.
    All,
}

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourChoice {
    /// Decide by the surroundings.
    #[default]
    Auto,
    /// Colour whatever the surroundings.
    Always,
    /// No colour.
    Never,
}

/// The environment variables that speak about colour, and whether the stream is a terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// `NO_COLOR`
    pub no_color: Option<&'a str>,
    /// `FORCE_COLOR`
    pub force_color: Option<&'a str>,
    /// `CLICOLOR_FORCE`
    pub clicolor_force: Option<&'a str>,
    /// `CLICOLOR`
    pub clicolor: Option<&'a str>,
    /// `TERM`
    pub term: Option<&'a str>,
    /// `GITHUB_ACTIONS`
    pub github_actions: Option<&'a str>,
    /// Whether the stream that is written to is a terminal.
    pub terminal: bool,
}

/// Whether to colour. Formats for machines are never coloured; the flag beats the environment; what forbids beats what
/// forces; GitHub's log viewer is no terminal but renders colours.
pub fn colour(choice: ColourChoice, around: &Surroundings, human: bool) -> bool {
    let set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
    let forced = |value: Option<&str>| set(value) && value != Some("0");
    match choice {
        _ if !human => false,
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto if set(around.no_color) => false,
        ColourChoice::Auto if forced(around.force_color) || forced(around.clicolor_force) => true,
        ColourChoice::Auto if around.clicolor == Some("0") || around.term == Some("dumb") => false,
        ColourChoice::Auto => around.terminal || around.github_actions == Some("true"),
    }
}

/// Whether the locale can show more than ASCII: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set decides.
pub fn unicode(lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> bool {
    let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|value| !value.is_empty());
    locale.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// What a piece of text is, for colouring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Severity(Severity),
    Strong,
    Faint,
    Gutter,
    Good,
    Fair,
    Bad,
}

impl Role {
    pub(super) fn ansi(self) -> Ansi {
        match self {
            Role::Severity(Severity::Critical) => AnsiColor::BrightMagenta.on_default().bold(),
            Role::Severity(Severity::High) | Role::Bad => AnsiColor::BrightRed.on_default().bold(),
            Role::Severity(Severity::Medium) | Role::Fair => AnsiColor::Yellow.on_default().bold(),
            Role::Severity(Severity::Low) => AnsiColor::Cyan.on_default().bold(),
            Role::Severity(Severity::Info) | Role::Strong => Ansi::new().bold(),
            Role::Faint => Ansi::new().dimmed(),
            Role::Gutter => AnsiColor::BrightBlue.on_default().bold(),
            Role::Good => AnsiColor::Green.on_default().bold(),
        }
    }
}

impl Style {
    /// The text in the colour of its role, if colours are on.
    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_string();
        }
        let ansi = role.ansi();
        format!("{ansi}{text}{ansi:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        let tty = Surroundings { terminal: true, ..Surroundings::default() };
        let pipe = Surroundings::default();
        use ColourChoice::{Always, Auto, Never};
        let table = [
            ("a terminal", Auto, tty, true, true),
            ("a pipe", Auto, pipe, true, false),
            ("a format for machines", Auto, tty, false, false),
            ("a format for machines, forced", Always, tty, false, false),
            ("always in a pipe", Always, pipe, true, true),
            ("always beats NO_COLOR", Always, Surroundings { no_color: Some("1"), ..pipe }, true, true),
            ("never beats FORCE_COLOR", Never, Surroundings { force_color: Some("1"), ..tty }, true, false),
            ("NO_COLOR", Auto, Surroundings { no_color: Some("1"), ..tty }, true, false),
            ("an empty NO_COLOR", Auto, Surroundings { no_color: Some(""), ..tty }, true, true),
            (
                "NO_COLOR against FORCE_COLOR",
                Auto,
                Surroundings { no_color: Some("1"), force_color: Some("1"), ..tty },
                true,
                false,
            ),
            ("FORCE_COLOR", Auto, Surroundings { force_color: Some("1"), ..pipe }, true, true),
            ("FORCE_COLOR=0", Auto, Surroundings { force_color: Some("0"), ..pipe }, true, false),
            ("CLICOLOR_FORCE", Auto, Surroundings { clicolor_force: Some("1"), ..pipe }, true, true),
            ("CLICOLOR_FORCE=0", Auto, Surroundings { clicolor_force: Some("0"), ..pipe }, true, false),
            ("CLICOLOR=0", Auto, Surroundings { clicolor: Some("0"), ..tty }, true, false),
            ("CLICOLOR=1 in a pipe", Auto, Surroundings { clicolor: Some("1"), ..pipe }, true, false),
            ("TERM=dumb", Auto, Surroundings { term: Some("dumb"), ..tty }, true, false),
            (
                "FORCE_COLOR on a dumb terminal",
                Auto,
                Surroundings { term: Some("dumb"), force_color: Some("1"), ..tty },
                true,
                true,
            ),
            ("GitHub Actions", Auto, Surroundings { github_actions: Some("true"), ..pipe }, true, true),
            ("GitHub Actions, json", Auto, Surroundings { github_actions: Some("true"), ..pipe }, false, false),
        ];
        for (what, choice, around, human, expected) in table {
            assert_eq!(colour(choice, &around, human), expected, "{what}");
        }
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert!(unicode(None, None, Some("de_DE.UTF-8")));
        assert!(unicode(None, Some("C.utf8"), Some("C")));
        assert!(unicode(Some(""), None, Some("en_US.UTF-8")));
        assert!(!unicode(Some("C"), None, Some("en_US.UTF-8")));
        assert!(!unicode(None, None, None));
    }

    #[test]
    fn text_stays_bare_without_colour() {
        assert_eq!(Style::default().paint(Role::Strong, "x"), "x");
        let style = Style { colour: true, ..Style::default() };
        assert_eq!(style.paint(Role::Strong, "x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
