//! Text into cells. One character takes the cells that it is wide and no more, and nothing that
//! steers a terminal gets into a cell.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthChar as _;

/// How a text looks. Without colours everything is still told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    Plain,
    Bar,
    Heading,
    Dim,
    Chosen,
    Warning,
    Danger,
    Good,
}

impl Look {
    fn style(self, color: bool) -> Style {
        let plain = Style::new();
        let colored = |style: Style, hue| if color { style.fg(hue) } else { style };
        match self {
            Self::Plain => plain,
            Self::Bar | Self::Chosen => plain.add_modifier(Modifier::REVERSED),
            Self::Heading => plain.add_modifier(Modifier::BOLD),
            Self::Dim => plain.add_modifier(Modifier::DIM),
            Self::Warning => colored(plain.add_modifier(Modifier::BOLD), Color::Yellow),
            Self::Danger => colored(plain.add_modifier(Modifier::BOLD), Color::Red),
            Self::Good => colored(plain, Color::Green),
        }
    }
}

/// Where the screen is drawn.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    color: bool,
    cursor: Option<(u16, u16)>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, area: Rect, color: bool) -> Self {
        Self { buffer, area, color, cursor: None }
    }

    pub(super) fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.area.height
    }

    /// Where typing goes on.
    pub(super) fn cursor(&self) -> Option<(u16, u16)> {
        self.cursor
    }

    pub(super) fn set_cursor(&mut self, x: u16, y: u16) {
        self.cursor = Some((x.min(self.area.width.saturating_sub(1)), y));
    }

    /// Fills a row with a look.
    pub(super) fn fill(&mut self, y: u16, look: Look) {
        let row = Rect { y, height: 1, ..self.area }.intersection(self.area);
        self.buffer.set_style(row, look.style(self.color));
    }

    /// Writes a line from a column on, as far as the screen goes; where it ended.
    pub(super) fn text(&mut self, x: u16, y: u16, text: &str, look: Look) -> u16 {
        let (style, mut at, mut last) = (look.style(self.color), x, None);
        if y >= self.area.height {
            return x;
        }
        for c in text.chars() {
            // What steers a terminal was made visible long before; here it is stopped.
            let c = if c.is_control() { '?' } else { c };
            let wide = u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
            if wide == 0 {
                self.mark(last, y, c);
                continue;
            }
            if at.saturating_add(wide) > self.area.width {
                break;
            }
            if let Some(cell) = self.buffer.cell_mut((at, y)) {
                cell.set_char(c).set_style(style);
            }
            for rest in at + 1..at + wide {
                if let Some(cell) = self.buffer.cell_mut((rest, y)) {
                    cell.set_symbol(" ").set_style(style);
                }
            }
            (last, at) = (Some(at), at + wide);
        }
        at
    }

    /// A mark goes into the cell of the character that it stands on.
    fn mark(&mut self, on: Option<u16>, y: u16, mark: char) {
        if let Some(cell) = on.and_then(|x| self.buffer.cell_mut((x, y))) {
            let symbol = format!("{}{mark}", cell.symbol());
            cell.set_symbol(&symbol);
        }
    }
}

/// The beginning of a line that fits, and a sign where there is more.
pub(super) fn cut(text: &str, columns: usize) -> String {
    const MORE: &str = " ..";
    let wide = |c: char| c.width().unwrap_or(0);
    if beginning(text, columns).len() == text.len() {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 0);
    for c in text.chars() {
        if used + wide(c) + MORE.len() > columns {
            break;
        }
        out.push(c);
        used += wide(c);
    }
    out + MORE
}

/// As much of a text as stands in so many columns: of a long one the rest is not looked at.
pub(super) fn beginning(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let over = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    over.map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

/// Columns of a text.
pub(super) fn columns(text: &str) -> usize {
    text.chars().filter_map(|c| c.width()).sum()
}
