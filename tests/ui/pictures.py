"""JPEGs in place of a browser's screenshots."""

import io

from PIL import Image, ImageDraw

HUES = [(79, 70, 229), (13, 148, 136), (220, 38, 38), (217, 119, 6)]


def picture(seed: int) -> bytes:
    image = Image.new("RGB", (640, 400), (250, 250, 252))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 120, 400), fill=(255, 255, 255))
    draw.rounded_rectangle((20, 20, 44, 44), 6, fill=HUES[seed % 4])
    for i in range(5):
        draw.rounded_rectangle((20, 70 + i * 28, 96, 80 + i * 28), 4, fill=(228, 228, 234))
    for i in range(3):
        column(draw, 150 + i * 160, 70, 145, 4 - (i + seed) % 3, seed)
    draw.rounded_rectangle((150, 24, 330, 44), 5, fill=(40, 40, 48))
    return jpeg(image)


def phone_picture(seed: int) -> bytes:
    image = Image.new("RGB", (390, 844), (250, 250, 252))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((24, 30, 56, 62), 8, fill=HUES[seed % 4])
    draw.rounded_rectangle((72, 38, 230, 56), 5, fill=(40, 40, 48))
    column(draw, 24, 96, 342, 4, seed)
    column(draw, 24, 480, 342, 4, seed + 1)
    return jpeg(image)


def column(draw: ImageDraw.ImageDraw, x: int, y: int, width: int, cards: int, seed: int) -> None:
    draw.rounded_rectangle((x, y, x + width, y + 290), 10, fill=(255, 255, 255), outline=(230, 230, 235))
    for j in range(cards):
        top = y + 20 + j * 62
        draw.rounded_rectangle((x + 12, top, x + width - 12, top + 50), 8, fill=(246, 246, 249))
        draw.rounded_rectangle((x + 20, top + 10, x + 60, top + 17), 3, fill=HUES[(seed + j) % 4])


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
