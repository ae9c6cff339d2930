//! QR codes for the terminal.

use std::io::{self, IsTerminal as _};

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::system::terminal;
use crate::text::color::painted;

/// The lines that a picture leaves free: for the text below it.
const SPARE_LINES: usize = 10;

/// Returns a text as a QR code, two rows in each line; `None` if standard error is not a terminal or has no room for
/// it. Without color the picture is for dark terminals; phones read the inverse too.
#[must_use]
pub(crate) fn for_terminal(text: &str, is_colored: bool) -> Option<String> {
    let stderr = io::stderr();
    if !stderr.is_terminal() {
        return None;
    }
    let window = terminal::size(&stderr)?;
    let picture = draw(text, is_colored)?;
    let (lines, columns) = (
        picture.lines().count(),
        picture.lines().next()?.chars().count(),
    );
    if columns > window.0 || lines + SPARE_LINES > window.1 {
        return None;
    }
    if !is_colored {
        return Some(picture);
    }
    let lines: Vec<String> = picture
        .lines()
        .map(|line| painted("30;107", line))
        .collect();
    Some(lines.join("\n"))
}

/// Draws dark modules as blocks, or light ones, for a terminal whose background is dark.
fn draw(text: &str, dark_on_light: bool) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (dark, light) = if dark_on_light {
        (Dense1x2::Dark, Dense1x2::Light)
    } else {
        (Dense1x2::Light, Dense1x2::Dark)
    };
    let picture = code
        .render::<Dense1x2>()
        .dark_color(dark)
        .light_color(light)
        .build();
    Some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_fits_a_usual_terminal() {
        let address = "https://sso.example.org/realms/acp/device?user_code=VBBN-OSRT";
        let picture = draw(address, true).unwrap();
        let columns: Vec<usize> = picture.lines().map(|line| line.chars().count()).collect();
        assert!(columns.iter().all(|width| *width == columns[0]));
        // A square, and a margin of four modules on each side.
        assert!(columns[0] < 60 && columns.len() == columns[0].div_ceil(2));
        assert_ne!(draw(address, false).unwrap(), picture);
    }
}
