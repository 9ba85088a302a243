rem ================================================================
rem  掲示板: 全文検索は基本サーバと同じグループで動かす
rem ================================================================
IF "%ARMS_EVENT%" == "START" GOTO 開始
IF "%ARMS_EVENT%" == "FAILOVER" GOTO 開始
GOTO 終了

:開始
IF "%ARMS_DISK%" == "FAILURE" GOTO ERROR_DISK
IF "%ARMS_SERVER%" == "OTHER" ARMBCAST /MSG "待機系で掲示板の表示を再開します" /A
ARMLOAD OfficeBase /S /M "Office Base Server"
ARMLOAD Forum /S /M "Office Forum"
w:\forum\bin\index.exe /root "w:\forum\検索ソート" /update
GOTO 終了

:ERROR_DISK
ARMBCAST /MSG "切替パーティションが使用できない為、掲示板を表示できません" /A

:終了
exit
