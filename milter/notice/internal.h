// notice, inside.
#pragma once

#include "notice/notice.h"
#include "store/store.h"

struct NoticeRegister {
    const Config *config;
    StoreDb *db;
};
