// Pictures made ready for recognition: letters of a height that is read best, dark on light.
#include "reader/formats/picture.h"

#include <math.h>

#define LETTER_BEST  30.0f // pixels of a letter's height
#define LETTER_LEAST 5     // lower is noise
#define LETTER_MOST  120
#define DARK         110 // darker ground is dark ground

// The middle height of what looks like letters in `grey`; 0 = nothing does.
static float prepare_letter(PIX *grey)
{
    PIX *binary = NULL;
    float height = 0;
    if (pixOtsuAdaptiveThreshold(grey, 300, 300, 0, 0, 0.1f, NULL, &binary) != 0)
        return 0;
    l_float32 share = 0;
    if (pixForegroundFraction(binary, &share) == 0 && share > 0.5f)
        pixInvert(binary, binary);
    BOXA *boxes = pixConnCompBB(binary, 8);
    NUMA *heights = numaCreate(0);
    for (int i = 0; boxes != NULL && i < boxaGetCount(boxes); i++) {
        l_int32 w = 0, h = 0;
        boxaGetBoxGeometry(boxes, i, NULL, NULL, &w, &h);
        if (h >= LETTER_LEAST && h <= LETTER_MOST && w >= 2 && w <= 3 * h)
            numaAddNumber(heights, (l_float32)h);
    }
    if (numaGetCount(heights) >= 4)
        numaGetMedian(heights, &height);
    numaDestroy(&heights);
    boxaDestroy(&boxes);
    pixDestroy(&binary);
    return height;
}

// Each pixel turned over where the ground around it is dark.
static PIX *prepare_inverted(PIX *grey)
{
    int reach = CLAMP(MIN(pixGetWidth(grey), pixGetHeight(grey)) / 30, 3, 40);
    PIX *ground = pixBlockconv(grey, reach, reach);
    PIX *out = ground != NULL ? pixCopy(NULL, grey) : NULL;
    for (int y = 0; out != NULL && y < pixGetHeight(out); y++) {
        l_uint32 *line = pixGetData(out) + (gsize)y * (gsize)pixGetWpl(out);
        const l_uint32 *around = pixGetData(ground) + (gsize)y * (gsize)pixGetWpl(ground);
        for (int x = 0; x < pixGetWidth(out); x++)
            if (GET_DATA_BYTE(around, x) < DARK)
                SET_DATA_BYTE(line, x, 255 - GET_DATA_BYTE(line, x));
            else
                SET_DATA_BYTE(line, x, 255);
    }
    pixDestroy(&ground);
    return out;
}

float ocr_dark_share(PIX *grey)
{
    int step = 1 + MIN(pixGetWidth(grey), pixGetHeight(grey)) / 64;
    PIX *ground = pixBlockconv(grey, CLAMP(step, 1, 40), CLAMP(step, 1, 40));
    guint dark = 0, all = 0;
    for (int y = 0; ground != NULL && y < pixGetHeight(ground); y += step) {
        const l_uint32 *line = pixGetData(ground) + (gsize)y * (gsize)pixGetWpl(ground);
        for (int x = 0; x < pixGetWidth(ground); x += step) {
            dark += GET_DATA_BYTE(line, x) < DARK;
            all++;
        }
    }
    pixDestroy(&ground);
    return all > 0 ? (float)dark / (float)all : 0;
}

static float prepare_scale(PIX *grey, float most_pixels)
{
    float pixels = (float)pixGetWidth(grey) * (float)pixGetHeight(grey), most = most_pixels / pixels;
    float letter = prepare_letter(grey);
    float scale = letter > 0 ? LETTER_BEST / letter : 1;
    scale = CLAMP(scale, 0.3f, 4.0f);
    if (scale * scale > most)
        scale = sqrtf(most);
    return scale > 0.85f && scale < 1.2f ? 1 : scale;
}

PIX *ocr_reduced(PIX *grey, float most_pixels)
{
    float pixels = (float)pixGetWidth(grey) * (float)pixGetHeight(grey), scale = sqrtf(most_pixels / pixels);
    return scale < 1 ? pixScaleAreaMap(grey, scale, scale) : pixClone(grey);
}

PIX *ocr_prepared(PIX *grey, bool invert, float most_pixels, float *out_scale)
{
    PIX *base = invert ? prepare_inverted(grey) : pixClone(grey);
    if (base == NULL)
        return NULL;
    float scale = *out_scale = prepare_scale(base, most_pixels);
    PIX *scaled = scale < 1   ? pixScaleAreaMap(base, scale, scale)
                  : scale > 1 ? pixScaleGrayLI(base, scale, scale)
                              : pixClone(base);
    pixDestroy(&base);
    // Letters at the very edge are not seen.
    PIX *framed = scaled != NULL ? pixAddBorderGeneral(scaled, 10, 10, 10, 10, 255) : NULL;
    pixDestroy(&scaled);
    return framed;
}
