//! SVG files as PNG, with the one font that comes along, so that they look alike on every machine.

use std::sync::{Arc, LazyLock};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

/// Pixels a unit: sharp on a dense screen and on paper.
const DENSITY: f32 = 2.0;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts.faces().next().and_then(|face| face.families.first()).map(|(name, _)| name.clone());
    if let Some(family) = family {
        fonts.set_sans_serif_family(family);
    }
    Arc::new(fonts)
});

/// Draws an SVG file; the error says what is wrong with it.
pub(super) fn render(svg: &str) -> Result<Vec<u8>, String> {
    let options = Options { fontdb: FONTS.clone(), font_family: "sans-serif".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let (width, height) = (tree.size().width() * DENSITY, tree.size().height() * DENSITY);
    let mut pixels = Pixmap::new(width.ceil() as u32, height.ceil() as u32).ok_or("it has no size")?;
    resvg::render(&tree, Transform::from_scale(DENSITY, DENSITY), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_with_the_font_that_comes_along() {
        let draw = |text: &str| {
            let style = "text{font-family:Ubuntu,system-ui,sans-serif;font-size:12px}";
            let svg = format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><style>{style}</style><text y="15">{text}</text></svg>"#
            );
            render(&svg).unwrap()
        };
        assert!(draw("baseline").starts_with(b"\x89PNG"));
        assert_ne!(draw("baseline"), draw(""), "the text leaves its mark");
        assert!(render("<svg").is_err());
    }
}
