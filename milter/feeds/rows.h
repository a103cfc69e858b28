// rows: numbers of rows, found by a key of 64 bits that is made of the row itself. Four to eight bytes a row.
#pragma once

#include "base/base.h"

#define ROWS_NONE G_MAXUINT32

typedef guint64 (*RowsKey)(const void *data, guint32 row);
typedef struct {
    guint32 *slots; // row + 1; 0: free
    guint32 mask, count;
    RowsKey key;
    const void *data;
    guint64 seed;
} Rows;

void rows_init(Rows *rows, RowsKey key, const void *data);
void rows_clear(Rows *rows); // and frees; rows_init makes it usable again
// ROWS_NONE when there is none.
guint32 rows_find(const Rows *rows, guint64 key);
// `row` stands for its key from now on. The row that did before; ROWS_NONE when there was none.
guint32 rows_put(Rows *rows, guint32 row);
