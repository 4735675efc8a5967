//! The firmware on the emulated board: the same answers as the host, its logs, its exit code, its refusals.

use edgefit::{Aligned, Classifier, Model, Scratch, seen_words};
use edgefit_trainer::board::{Board, Session};

static MODEL: Aligned<[u8; include_bytes!("../../shared/golden/tiny.edgefit").len()]> =
    Aligned(*include_bytes!("../../shared/golden/tiny.edgefit"));

fn board() -> Board {
    Board::parse("qemu:mps2-an386").expect("the firmware folder is above the current folder")
}

/// Texts with words of the model and others, of many lengths, with every byte in them.
fn texts() -> Vec<Vec<u8>> {
    let words = ["wonderful", "AWFUL", "film", "plot", "nobody", "caf\u{e9}", "it's", "great<br />", "worst", "10"];
    let mut texts: Vec<Vec<u8>> = (0..300usize)
        .map(|i| (0..i * i / 20).map(|j| words[(i + j * (i + 3)) % (1 + i % words.len())]).collect::<Vec<_>>())
        .map(|words| words.join(" ").into_bytes())
        .collect();
    texts.push((0..=u8::MAX).cycle().take(2_000).collect());
    texts.push(vec![0; 1_000]);
    texts.push(vec![b'x'; 100_000]);
    texts
}

#[test]
fn board_and_host_give_equal_logits_and_the_logs_are_decoded() {
    let board = board();
    let model = Model::from_bytes(&MODEL.0).unwrap();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    let mut session = Session::start(&board, &MODEL.0).unwrap();
    let texts = texts();
    for text in &texts {
        classifier.text(text);
        let on_host = classifier.finish().values().to_vec();
        assert_eq!(session.classify_text(text).unwrap(), on_host, "{}", text.escape_ascii());
    }
    let rows: Vec<u16> = (0..model.rows() as u16).cycle().take(1_000).collect();
    for len in [0, 1, 2, 31, 1_000] {
        rows[..len].iter().for_each(|&row| classifier.row(row).unwrap());
        let on_host = classifier.finish().values().to_vec();
        assert_eq!(session.classify_rows(&rows[..len]).unwrap(), on_host, "{len} rows");
    }

    let lines = session.finish().unwrap();
    let [started, ended] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((started.level, ended.level), (Some("info"), Some("info")));
    let crc = format!("CRC {:#010x}", model.crc());
    let model = format!("mps2-an386: model tiny of {} bytes", model.file_len());
    assert!(started.message.starts_with(&model) && started.message.ends_with(&crc), "{}", started.message);
    assert_eq!(ended.message, format!("Quit: {} documents", texts.len() + 5));
    let (file, line) = ended.location.as_ref().expect("the image knows where its logs come from");
    assert!(file.ends_with("src/main.rs") && *line > 1, "{ended}");
}

#[test]
fn a_refused_row_fails_the_document_and_not_the_session() {
    let board = board();
    let mut session = Session::start(&board, &MODEL.0).unwrap();
    let message = session.classify_rows(&[0, 32]).unwrap_err().to_string();
    assert!(message.contains("qemu:mps2-an386") && message.contains("not below the number of rows"), "{message}");
    assert_eq!(session.classify_text(b"").unwrap(), [93]);
    session.finish().unwrap();
}

#[test]
fn a_board_without_a_sound_model_says_why() {
    let board = board();
    let mut corrupt = MODEL.0;
    corrupt[200] ^= 1;
    let mut foreign = MODEL.0;
    foreign[4] = 2;
    for (model, reason) in [
        (&[][..], "the magic bytes are missing"),
        (&corrupt, "the CRC-32 does not match"),
        (&foreign, "newer format version"),
        (&[0; 5_000], "the magic bytes are missing"),
    ] {
        let message = Session::start(&board, model).unwrap_err().to_string();
        assert!(
            message.contains("board qemu:mps2-an386: it cannot run the model") && message.contains(reason),
            "{message}"
        );
    }
}

#[test]
fn a_model_that_does_not_fit_is_refused_before_the_board_is_started() {
    let board = board();
    let message = Session::start(&board, &vec![0; board.model_region_len() + 1]).unwrap_err().to_string();
    assert!(message.contains("3145729 bytes") && message.contains("room for 3145728"), "{message}");
}
